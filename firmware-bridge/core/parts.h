/* Debounce, the ring of unacknowledged readings, and what is due when. */
#ifndef FB_PARTS_H
#define FB_PARTS_H

#include <stdbool.h>
#include <stdint.h>

/* A level counts when it has stood still for the given time; the change is dated to when it began. */
struct fb_debounce {
    bool level;
    bool seen;
    uint32_t since;
};

void fb_debounce_start(struct fb_debounce *self, bool level, uint32_t now);
bool fb_debounce_step(struct fb_debounce *self, bool seen, uint32_t now, uint16_t still_ms);

struct fb_reading {
    uint32_t at;
    uint8_t channel;
    uint8_t value;
};

#define FB_RING 64u /* readings; when full the oldest is overwritten, and `oldest` tells so */

/* Numbers count modulo 65,536: oldest <= heard <= unsent <= next in that order. FB_RING divides 65,536. */
struct fb_ring {
    struct fb_reading slots[FB_RING];
    uint16_t oldest; /* all before it are kept by the hub, or overwritten */
    uint16_t heard;  /* all before it have reached the hub, which may still lose them */
    uint16_t unsent;
    uint16_t next;
};

void fb_ring_start(struct fb_ring *self);
/* What the next push will overwrite, or NULL. */
const struct fb_reading *fb_ring_overwrites(const struct fb_ring *self);
void fb_ring_push(struct fb_ring *self, struct fb_reading reading);
/* Forgets what is before `kept`, unless that is overwritten already or was never given. `heard` may go back: a hub that
   was started anew has what it kept, and no more. False, and nothing is done, where neither number is in the ring. */
bool fb_ring_acknowledge(struct fb_ring *self, uint16_t kept, uint16_t heard);
/* The first reading that was not sent yet, or NULL. It stays until acknowledged. */
const struct fb_reading *fb_ring_peek(const struct fb_ring *self);

/* Every period_ms from now on; a turn that comes late does not make up for those that were missed. */
struct fb_due {
    uint32_t at;
    uint16_t period_ms;
};

void fb_due_in(struct fb_due *self, uint32_t now, uint16_t period_ms);
bool fb_due_now(struct fb_due *self, uint32_t now);

#endif
