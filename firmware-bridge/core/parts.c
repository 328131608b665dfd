#include "parts.h"

#include <stddef.h>
#include <string.h>

void fb_debounce_start(struct fb_debounce *self, bool level, uint32_t now)
{
    self->level = level;
    self->seen = level;
    self->since = now;
}

bool fb_debounce_step(struct fb_debounce *self, bool seen, uint32_t now, uint16_t still_ms)
{
    if (seen != self->seen) {
        self->seen = seen;
        self->since = now;
    }
    if (self->seen == self->level || (uint32_t)(now - self->since) < still_ms)
        return false;
    self->level = self->seen;
    return true;
}

void fb_ring_start(struct fb_ring *self)
{
    memset(self, 0, sizeof *self);
}

const struct fb_reading *fb_ring_overwrites(const struct fb_ring *self)
{
    return (uint16_t)(self->next - self->oldest) == FB_RING ? &self->slots[self->oldest % FB_RING] : NULL;
}

void fb_ring_push(struct fb_ring *self, struct fb_reading reading)
{
    if ((uint16_t)(self->next - self->oldest) == FB_RING) {
        if (self->unsent == self->oldest)
            self->unsent++;
        if (self->heard == self->oldest)
            self->heard++;
        self->oldest++;
    }
    self->slots[self->next % FB_RING] = reading;
    self->next++;
}

bool fb_ring_acknowledge(struct fb_ring *self, uint16_t kept, uint16_t heard)
{
    uint16_t before = self->oldest;
    uint16_t given = (uint16_t)(self->next - before);
    bool forgets = (uint16_t)(kept - before) <= given;
    bool hears = (uint16_t)(heard - before) <= given;
    if (!forgets && !hears)
        return false;
    if (forgets)
        self->oldest = kept;
    hears = hears && (uint16_t)(heard - self->oldest) <= (uint16_t)(self->next - self->oldest);
    self->heard = hears ? heard : self->oldest;
    if ((uint16_t)(self->heard - before) > (uint16_t)(self->unsent - before))
        self->unsent = self->heard;
    return true;
}

const struct fb_reading *fb_ring_peek(const struct fb_ring *self)
{
    return self->unsent == self->next ? NULL : &self->slots[self->unsent % FB_RING];
}

void fb_due_in(struct fb_due *self, uint32_t now, uint16_t period_ms)
{
    self->at = now + period_ms;
    self->period_ms = period_ms;
}

bool fb_due_now(struct fb_due *self, uint32_t now)
{
    if ((uint32_t)(now - self->at) >= 0x80000000u)
        return false;
    fb_due_in(self, now, self->period_ms);
    return true;
}
