/* The board's half of the conversation. A board layer gives it levels, samples, bytes and the time, and a way out. */
#ifndef FB_BRIDGE_H
#define FB_BRIDGE_H

#include "frame.h"
#include "parts.h"

#define FB_MAX_CHANNELS 8u
#define FB_MAX_BEDS 2u
#define FB_MAX_SAMPLES 25u /* in a block: a quarter of a second at 100 Hz */
#define FB_BED_SILENT_MS 1000u /* without a sample for so long, a bed input is dead */
#define FB_RAIL 128 /* closer to an end of its range than a 128th of the half of it, an input is on its rail */
#define FB_MAX_DEBOUNCE_MS 1000u
#define FB_HEARTBEAT_MS 2000u
#define FB_RESEND_MS 500u
#define FB_WINDOW 8u /* readings on the line that were not acknowledged; the next ones wait in the ring */
#define FB_MAJOR 0u
#define FB_MINOR 1u

enum fb_kind { FB_MOTION = 1, FB_DOOR = 2, FB_BUTTON = 3, FB_TAMPER = 4, FB_BED = 5 };
enum fb_flag { FB_ENABLED = 1, FB_INVERTED = 2 };
enum fb_result { FB_OK = 0, FB_UNKNOWN = 1, FB_NO_CHANNEL = 2, FB_OUT_OF_RANGE = 3, FB_TOO_SHORT = 4 };
enum fb_test { FB_TEST_CRC = 1, FB_TEST_SUPPLY = 2, FB_TEST_BED = 4 };

struct fb_channel {
    uint8_t kind;
    uint8_t flags;
    uint16_t debounce_ms;
};

/* A bed's input. A block is of samples that came one after the other: a gap throws away what was collected before it. */
struct fb_bed {
    uint8_t channel;
    uint8_t bits; /* of a sample */
    uint8_t rate_hz;
    uint8_t sampled;
    bool steady; /* the last two samples came no more than two periods apart */
    uint32_t block_at;
    uint32_t last_at;
    int32_t last_sample;
    int32_t samples[FB_MAX_SAMPLES];
};

/* Takes the whole frame or, when there is no room, nothing: then false. */
typedef bool (*fb_write)(const uint8_t *bytes, uint8_t length);

struct fb_bridge {
    struct fb_channel channels[FB_MAX_CHANNELS];
    struct fb_debounce inputs[FB_MAX_CHANNELS];
    uint8_t count;
    char board[8];
    uint16_t boot;
    uint8_t reset;
    uint16_t supply_mv;
    uint8_t refused;
    bool greeted; /* this boot has been acknowledged */
    bool hello_wanted;
    uint32_t began; /* until FB_BED_SILENT_MS later a bed that is silent may only be waking up: no self-test */
    bool selftest_wanted;
    bool done_wanted;
    uint8_t done_order;
    uint8_t done_result;
    uint16_t done_number;
    uint16_t selftest_number;
    uint16_t hellos;
    uint16_t heartbeats;
    uint16_t blocks;
    bool heartbeat_wanted;
    bool progress;   /* something was acknowledged, or begins to wait for it */
    uint8_t presses_lost; /* of buttons, overwritten before a hub had kept them; stops at 255 */
    uint8_t started; /* a bit for each channel whose first level is known */
    struct fb_ring ring;
    struct fb_due heartbeat;
    struct fb_due resend;
    struct fb_deframer deframer;
    struct fb_bed beds[FB_MAX_BEDS];
    uint8_t bed_count;
    fb_write write;
};

/* `channels` beyond FB_MAX_CHANNELS are not taken. `board`: at most 8 characters. */
void fb_start(struct fb_bridge *self, const struct fb_channel *channels, uint8_t count, const char *board,
              uint16_t boot, uint8_t reset, fb_write write, uint32_t now);
/* After fb_start: `channel` is a bed's, and samples of `bits` will come at `rate_hz`. Beyond FB_MAX_BEDS not taken. */
void fb_bed(struct fb_bridge *self, uint8_t channel, uint8_t bits, uint8_t rate_hz);
/* The level of a pin, as often as the board looks: at least every 5 ms. The first one is where the channel starts. */
void fb_input(struct fb_bridge *self, uint8_t channel, bool level, uint32_t now);
/* One sample of a bed's channel, when it was taken. None is better than one that was not measured. */
void fb_sample(struct fb_bridge *self, uint8_t channel, int32_t sample, uint32_t now);
void fb_receive(struct fb_bridge *self, uint8_t byte);
/* Sends what is due, as far as there is room on the way out. */
void fb_turn(struct fb_bridge *self, uint32_t now);

#endif
