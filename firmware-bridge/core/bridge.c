#include "bridge.h"

#include <stddef.h>
#include <string.h>

static bool send(const struct fb_bridge *self, uint8_t type, uint16_t number, const uint8_t *payload, uint8_t length)
{
    uint8_t frame[FB_MAX_FRAME];
    return self->write(frame, fb_frame(frame, type, number, payload, length));
}

static bool value_of(const struct fb_bridge *self, uint8_t channel)
{
    return self->inputs[channel].level != ((self->channels[channel].flags & FB_INVERTED) != 0);
}

static bool enabled(const struct fb_bridge *self, uint8_t channel)
{
    return channel < self->count && (self->channels[channel].flags & FB_ENABLED) != 0;
}

/* Where both HELLO and HEARTBEAT begin. */
static void put_state(const struct fb_bridge *self, uint8_t *out, uint32_t now)
{
    fb_put32(out, now);
    fb_put16(out + 4, self->boot);
    fb_put16(out + 6, self->ring.oldest);
    fb_put16(out + 8, self->ring.next);
}

static bool send_hello(struct fb_bridge *self, uint32_t now)
{
    uint8_t out[22u + 4u * FB_MAX_CHANNELS];
    put_state(self, out, now);
    out[10] = self->reset;
    out[11] = FB_MAJOR;
    out[12] = FB_MINOR;
    memcpy(out + 13, self->board, sizeof self->board);
    out[21] = self->count;
    for (uint8_t i = 0; i < self->count; i++) {
        uint8_t *at = out + 22u + 4u * i;
        at[0] = self->channels[i].kind;
        at[1] = self->channels[i].flags;
        fb_put16(at + 2, self->channels[i].debounce_ms);
    }
    if (!send(self, FB_HELLO, self->hellos, out, (uint8_t)(22u + 4u * self->count)))
        return false;
    self->hellos++;
    return true;
}

static bool send_heartbeat(struct fb_bridge *self, uint32_t now)
{
    uint8_t out[15];
    put_state(self, out, now);
    fb_put16(out + 10, self->supply_mv);
    out[12] = 0;
    for (uint8_t i = 0; i < self->count; i++)
        if (self->channels[i].kind != FB_BED && enabled(self, i) && value_of(self, i))
            out[12] = (uint8_t)(out[12] | (1u << i));
    out[13] = self->refused;
    out[14] = self->presses_lost;
    if (!send(self, FB_HEARTBEAT, self->heartbeats, out, sizeof out))
        return false;
    self->heartbeats++;
    return true;
}

static bool send_reading(struct fb_bridge *self, const struct fb_reading *reading)
{
    uint8_t out[8];
    fb_put32(out, reading->at);
    fb_put16(out + 4, self->boot);
    out[6] = reading->channel;
    out[7] = reading->value;
    return send(self, FB_READING, self->ring.unsent, out, sizeof out);
}

/* Samples come, as often as they should, and off their rails. */
static bool is_felt(const struct fb_bed *bed, uint32_t now)
{
    int32_t half = (int32_t)1 << (bed->bits - 1u);
    int32_t most = half - half / FB_RAIL;
    return bed->steady && (uint32_t)(now - bed->last_at) < FB_BED_SILENT_MS && bed->last_sample > -most &&
           bed->last_sample < most;
}

static bool send_selftest(struct fb_bridge *self, uint32_t now)
{
    uint8_t out[8];
    fb_put32(out, now);
    out[4] = FB_TEST_CRC;
    out[5] = fb_crc((const uint8_t *)"123456789", 9) == 0x29B1u ? FB_TEST_CRC : 0;
    if (self->supply_mv != 0) {
        out[4] = (uint8_t)(out[4] | FB_TEST_SUPPLY);
        if (self->supply_mv >= 4500u && self->supply_mv <= 5500u)
            out[5] = (uint8_t)(out[5] | FB_TEST_SUPPLY);
    }
    bool all_felt = true;
    for (uint8_t i = 0; i < self->bed_count; i++) {
        if (!enabled(self, self->beds[i].channel))
            continue;
        out[4] = (uint8_t)(out[4] | FB_TEST_BED);
        all_felt = all_felt && is_felt(&self->beds[i], now);
    }
    if (all_felt)
        out[5] = (uint8_t)(out[5] | (out[4] & FB_TEST_BED));
    fb_put16(out + 6, self->supply_mv);
    return send(self, FB_SELFTEST, self->selftest_number, out, sizeof out);
}

void fb_start(struct fb_bridge *self, const struct fb_channel *channels, uint8_t count, const char *board,
              uint16_t boot, uint8_t reset, fb_write write, uint32_t now)
{
    memset(self, 0, sizeof *self);
    self->count = count > FB_MAX_CHANNELS ? FB_MAX_CHANNELS : count;
    memcpy(self->channels, channels, self->count * sizeof *channels);
    for (uint8_t i = 0; i < sizeof self->board && board[i] != '\0'; i++)
        self->board[i] = board[i];
    self->boot = boot;
    self->reset = reset;
    self->write = write;
    self->began = now;
    self->hello_wanted = true;
    fb_ring_start(&self->ring);
    fb_deframer_start(&self->deframer);
    fb_due_in(&self->heartbeat, now, FB_HEARTBEAT_MS);
    fb_due_in(&self->resend, now, FB_RESEND_MS);
}

void fb_bed(struct fb_bridge *self, uint8_t channel, uint8_t bits, uint8_t rate_hz)
{
    if (self->bed_count == FB_MAX_BEDS)
        return;
    struct fb_bed *bed = &self->beds[self->bed_count++];
    bed->channel = channel;
    bed->bits = bits;
    bed->rate_hz = rate_hz;
}

void fb_input(struct fb_bridge *self, uint8_t channel, bool level, uint32_t now)
{
    if (!enabled(self, channel))
        return;
    struct fb_debounce *input = &self->inputs[channel];
    uint8_t bit = (uint8_t)(1u << channel);
    if ((self->started & bit) == 0) {
        self->started = (uint8_t)(self->started | bit);
        fb_debounce_start(input, level, now);
        return;
    }
    if (!fb_debounce_step(input, level, now, self->channels[channel].debounce_ms))
        return;
    struct fb_reading reading = {input->since, channel, value_of(self, channel) ? 1 : 0};
    if (self->ring.heard == self->ring.next)
        self->progress = true; /* the first to wait for an acknowledgement has its whole time */
    const struct fb_reading *gone = fb_ring_overwrites(&self->ring);
    if (gone != NULL && self->channels[gone->channel].kind == FB_BUTTON && gone->value != 0 &&
        self->presses_lost < UINT8_MAX)
        self->presses_lost++;
    fb_ring_push(&self->ring, reading);
}

static void send_block(struct fb_bridge *self, struct fb_bed *bed)
{
    uint8_t out[8u + 3u * FB_MAX_SAMPLES];
    uint8_t width = bed->bits <= 16u ? 2u : 3u;
    fb_put32(out, bed->block_at);
    out[4] = bed->channel;
    out[5] = bed->rate_hz;
    out[6] = bed->bits;
    out[7] = bed->sampled;
    for (uint8_t i = 0; i < bed->sampled; i++) {
        uint32_t sample = (uint32_t)bed->samples[i];
        uint8_t *at = out + 8u + (uint16_t)width * i;
        fb_put16(at, (uint16_t)(sample & 0xFFFFu));
        if (width == 3u)
            at[2] = (uint8_t)((sample >> 16) & 0xFFu);
    }
    /* A block that finds no room is gone, and its number with it: the hub sees the gap. */
    (void)send(self, FB_WAVEFORM, self->blocks++, out, (uint8_t)(8u + (uint16_t)width * bed->sampled));
    bed->sampled = 0;
}

static void felt(struct fb_bridge *self, struct fb_bed *bed, int32_t sample, uint32_t now)
{
    bool wanted = enabled(self, bed->channel);
    bed->steady = (uint32_t)(now - bed->last_at) <= 2000u / bed->rate_hz;
    bed->last_at = now;
    bed->last_sample = sample;
    if (!bed->steady || !wanted)
        bed->sampled = 0;
    if (!wanted)
        return;
    if (bed->sampled == 0)
        bed->block_at = now;
    bed->samples[bed->sampled++] = sample;
    if (bed->sampled == FB_MAX_SAMPLES)
        send_block(self, bed);
}

void fb_sample(struct fb_bridge *self, uint8_t channel, int32_t sample, uint32_t now)
{
    for (uint8_t i = 0; i < self->bed_count; i++)
        if (self->beds[i].channel == channel)
            felt(self, &self->beds[i], sample, now);
}

static uint8_t configure(struct fb_bridge *self, const uint8_t *payload, uint8_t length)
{
    if (length < 4u)
        return FB_TOO_SHORT;
    if (payload[0] >= self->count)
        return FB_NO_CHANNEL;
    uint16_t debounce_ms = fb_get16(payload + 2);
    if (debounce_ms > FB_MAX_DEBOUNCE_MS || (payload[1] & ~(FB_ENABLED | FB_INVERTED)) != 0)
        return FB_OUT_OF_RANGE;
    uint8_t started = (uint8_t)(self->started & ~(1u << payload[0]));
    if (payload[1] != self->channels[payload[0]].flags)
        self->started = started; /* what the level means has changed: that is no reading */
    self->channels[payload[0]].flags = payload[1];
    self->channels[payload[0]].debounce_ms = debounce_ms;
    return FB_OK;
}

static void done(struct fb_bridge *self, uint8_t result)
{
    self->done_wanted = true;
    self->done_order = self->deframer.type;
    self->done_number = self->deframer.number;
    self->done_result = result;
}

static void acknowledged(struct fb_bridge *self, const uint8_t *payload, uint8_t length)
{
    if (length < 4u) {
        done(self, FB_TOO_SHORT);
        return;
    }
    uint16_t before = self->ring.heard;
    uint16_t kept = fb_get16(payload + 2);
    uint16_t heard = length < 6u ? kept : fb_get16(payload + 4); /* a hub of before hears no more than it keeps */
    if (fb_get16(payload) != self->boot || !fb_ring_acknowledge(&self->ring, kept, heard))
        return;
    self->greeted = true;
    self->progress = self->progress || self->ring.heard != before;
}

void fb_receive(struct fb_bridge *self, uint8_t byte)
{
    struct fb_deframer *heard = &self->deframer;
    switch (fb_deframer_feed(heard, byte)) {
    case FB_MORE:
        return;
    case FB_REFUSED:
        if (self->refused < UINT8_MAX)
            self->refused++;
        return;
    case FB_FRAME:
        break;
    }
    switch (heard->type) {
    case FB_ASK_HELLO:
        self->hello_wanted = true;
        break;
    case FB_ACK:
        acknowledged(self, heard->payload, heard->payload_length);
        break;
    case FB_CONFIGURE:
        done(self, configure(self, heard->payload, heard->payload_length));
        break;
    case FB_ASK_SELFTEST:
        self->selftest_wanted = true;
        self->selftest_number = heard->number;
        break;
    default:
        done(self, FB_UNKNOWN);
    }
}

static bool send_done(const struct fb_bridge *self)
{
    uint8_t out[2] = {self->done_order, self->done_result};
    return send(self, FB_DONE, self->done_number, out, sizeof out);
}

static void send_readings(struct fb_bridge *self, uint32_t now)
{
    struct fb_ring *ring = &self->ring;
    if (self->progress) {
        self->progress = false;
        fb_due_in(&self->resend, now, FB_RESEND_MS);
    } else if (fb_due_now(&self->resend, now) && ring->heard != ring->unsent) {
        ring->unsent = ring->heard;
        self->heartbeat_wanted = !send_heartbeat(self, now);
    }
    while ((uint16_t)(ring->unsent - ring->heard) < FB_WINDOW) {
        const struct fb_reading *reading = fb_ring_peek(ring);
        if (reading == NULL || !send_reading(self, reading))
            return;
        ring->unsent++;
    }
}

void fb_turn(struct fb_bridge *self, uint32_t now)
{
    if (fb_due_now(&self->heartbeat, now)) {
        self->heartbeat_wanted = true;
        self->hello_wanted = self->hello_wanted || !self->greeted;
    }
    if (self->hello_wanted)
        self->hello_wanted = !send_hello(self, now);
    if (self->done_wanted)
        self->done_wanted = !send_done(self);
    if (self->selftest_wanted && (uint32_t)(now - self->began) >= FB_BED_SILENT_MS)
        self->selftest_wanted = !send_selftest(self, now);
    if (self->heartbeat_wanted)
        self->heartbeat_wanted = !send_heartbeat(self, now);
    send_readings(self, now);
}
