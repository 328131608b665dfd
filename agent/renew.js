"use strict";
// Renews what changes on a page, in place, by asking for the same page again. What has the focus keeps it; what is
// unfolded stays so; a page that cannot be renewed says how old it is.
const EVERY_MS = 2000;
const PATIENCE_MS = 8000;
const { from: page, stale: missed } = document.currentScript.dataset;
const stale = document.getElementById("stale");
const count = document.getElementById("count");
let since = new Date();

function put(fresh) {
  const focused = document.activeElement ? document.activeElement.id : "";
  const unfolded = [...document.querySelectorAll("details[open]")].map((one) => one.id);
  for (const old of document.querySelectorAll(".renewed")) {
    const part = fresh.getElementById(old.id);
    if (part && old.innerHTML !== part.innerHTML) old.innerHTML = part.innerHTML;
  }
  for (const id of unfolded) {
    const one = document.getElementById(id);
    if (one) one.open = true;
  }
  if (focused && document.activeElement.id !== focused) {
    const again = document.getElementById(focused);
    if (again) again.focus({ preventScroll: true });
  }
  document.title = fresh.title;
  const headline = document.getElementById("headline").textContent;
  if (count.textContent !== headline) count.textContent = headline;
}

async function renew() {
  const patience = new AbortController();
  const late = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(page, { cache: "no-store", signal: patience.signal });
    if (answer.redirected) {
      location.assign(answer.url); // the session is over
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    put(new DOMParser().parseFromString(await answer.text(), "text/html"));
    since = new Date();
    stale.hidden = true;
  } catch {
    if (stale.hidden) stale.textContent = `Not renewed since ${since.toLocaleTimeString()}: ${missed}.`;
    stale.hidden = false;
  }
  clearTimeout(late);
  setTimeout(renew, EVERY_MS);
}

setTimeout(renew, EVERY_MS);
