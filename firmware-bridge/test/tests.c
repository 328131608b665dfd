#define _POSIX_C_SOURCE 200809L /* rand_r: the same noise every time */
/* Unit tests of the core, on the machine that builds it. No framework: each test is a sentence, each CHECK a fact. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge.h"
#include "hx711.h"

static int facts;

#define CHECK(fact)                                                                                                    \
    do {                                                                                                               \
        facts++;                                                                                                       \
        if (!(fact)) {                                                                                                 \
            fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__, #fact);                           \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* ---- what went over the line ---- */

#define MOST 4096
static uint8_t line[MOST];
static size_t written;
static bool full; /* no room on the way out */

static bool write_line(const uint8_t *bytes, uint8_t length)
{
    if (full || written + length > MOST)
        return false;
    memcpy(line + written, bytes, length);
    written += length;
    return true;
}

struct heard {
    uint8_t type;
    uint16_t number;
    uint8_t payload[FB_MAX_PAYLOAD];
    uint8_t length;
};

static struct heard frames[64];
static int heard;

static void listen(void)
{
    struct fb_deframer in;
    fb_deframer_start(&in);
    heard = 0;
    for (size_t i = 0; i < written; i++) {
        enum fb_heard what = fb_deframer_feed(&in, line[i]);
        CHECK(what != FB_REFUSED);
        if (what == FB_FRAME) {
            struct heard *to = &frames[heard++];
            to->type = in.type;
            to->number = in.number;
            to->length = in.payload_length;
            memcpy(to->payload, in.payload, in.payload_length);
        }
    }
    written = 0;
}

static int count(uint8_t type)
{
    int found = 0;
    for (int i = 0; i < heard; i++)
        found += frames[i].type == type;
    return found;
}

/* ---- golden frames ---- */

struct golden {
    char name[64];
    uint8_t type;
    uint16_t number;
    uint8_t payload[FB_MAX_PAYLOAD];
    uint8_t payload_length;
    uint8_t frame[FB_MAX_FRAME];
    uint8_t length;
};

static struct golden golden[32];
static int goldens;

static uint8_t from_hex(const char *text, uint8_t *out)
{
    uint8_t length = 0;
    unsigned byte;
    while (text[0] != '\0' && text[0] != '-' && sscanf(text, "%2x", &byte) == 1) {
        out[length++] = (uint8_t)byte;
        text += 2;
    }
    return length;
}

static void read_golden(const char *path)
{
    char text[512], payload[256], frame[256];
    unsigned type, number;
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    while (fgets(text, sizeof text, file) != NULL) {
        struct golden *to = &golden[goldens];
        if (text[0] == '#')
            continue;
        CHECK(sscanf(text, "%63s %x %x %255s %255s", to->name, &type, &number, payload, frame) == 5);
        to->type = (uint8_t)type;
        to->number = (uint16_t)number;
        to->payload_length = from_hex(payload, to->payload);
        to->length = from_hex(frame, to->frame);
        goldens++;
    }
    fclose(file);
    CHECK(goldens >= 14);
}

static const struct golden *named(const char *name)
{
    for (int i = 0; i < goldens; i++)
        if (strcmp(golden[i].name, name) == 0)
            return &golden[i];
    CHECK(!"a golden frame of that name");
    return NULL;
}

static bool is_golden(const uint8_t *bytes, size_t length, const char *name)
{
    const struct golden *wanted = named(name);
    return length == wanted->length && memcmp(bytes, wanted->frame, length) == 0;
}

static void golden_frames_are_written_and_read_byte_for_byte(void)
{
    for (int i = 0; i < goldens; i++) {
        const struct golden *each = &golden[i];
        uint8_t out[FB_MAX_FRAME];
        struct fb_deframer in;
        CHECK(fb_frame(out, each->type, each->number, each->payload, each->payload_length) == each->length);
        CHECK(memcmp(out, each->frame, each->length) == 0);
        fb_deframer_start(&in);
        for (uint8_t at = 0; at + 1 < each->length; at++)
            CHECK(fb_deframer_feed(&in, each->frame[at]) == FB_MORE);
        CHECK(fb_deframer_feed(&in, 0) == FB_FRAME);
        CHECK(in.type == each->type && in.number == each->number && in.payload_length == each->payload_length);
        CHECK(memcmp(in.payload, each->payload, each->payload_length) == 0);
    }
}

/* ---- frames ---- */

static void the_crc_has_its_published_check_value(void)
{
    CHECK(fb_crc((const uint8_t *)"123456789", 9) == 0x29B1);
}

static void a_payload_that_is_too_long_is_not_sent(void)
{
    uint8_t out[FB_MAX_FRAME], payload[FB_MAX_PAYLOAD + 1] = {0};
    CHECK(fb_frame(out, 1, 0, payload, sizeof payload) == 0);
}

static enum fb_heard feed(struct fb_deframer *in, const uint8_t *bytes, size_t length)
{
    enum fb_heard last = FB_MORE;
    for (size_t i = 0; i < length; i++)
        last = fb_deframer_feed(in, bytes[i]);
    return last;
}

static void whatever_came_before_the_next_whole_frame_is_read(void)
{
    const struct golden *good = named("hello");
    struct fb_deframer in;
    fb_deframer_start(&in);
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        int length = rand_r(&seed) % 300;
        for (int i = 0; i < length; i++)
            (void)fb_deframer_feed(&in, (uint8_t)rand_r(&seed));
        (void)fb_deframer_feed(&in, 0);
        CHECK(feed(&in, good->frame, good->length) == FB_FRAME && in.type == FB_HELLO);
    }
}

static void every_flipped_bit_of_a_frame_is_noticed(void)
{
    const struct golden *good = named("configure");
    for (int bit = 0; bit < 8 * (good->length - 1); bit++) {
        uint8_t bad[FB_MAX_FRAME];
        struct fb_deframer in;
        fb_deframer_start(&in);
        memcpy(bad, good->frame, good->length);
        bad[bit / 8] = (uint8_t)(bad[bit / 8] ^ (1 << bit % 8));
        for (uint8_t i = 0; i < good->length; i++)
            CHECK(fb_deframer_feed(&in, bad[i]) != FB_FRAME);
    }
}

static void a_frame_without_an_end_is_dropped_whole(void)
{
    struct fb_deframer in;
    fb_deframer_start(&in);
    for (long i = 0; i < 100000; i++)
        CHECK(fb_deframer_feed(&in, 0x55) == FB_MORE);
    CHECK(fb_deframer_feed(&in, 0) == FB_REFUSED);
    CHECK(fb_deframer_feed(&in, 0) == FB_MORE);
}

static void another_version_and_a_frame_too_short_are_refused(void)
{
    /* version 2, right CRC, no zero in it */
    uint8_t body[6] = {2, 1, 1, 1, 0, 0}, stuffed[8];
    struct fb_deframer in;
    fb_put16(body + 4, fb_crc(body, 4));
    CHECK(body[4] != 0 && body[5] != 0);
    stuffed[0] = 7;
    memcpy(stuffed + 1, body, 6);
    stuffed[7] = 0;
    fb_deframer_start(&in);
    CHECK(feed(&in, stuffed, sizeof stuffed) == FB_REFUSED);
    CHECK(feed(&in, (const uint8_t *)"\x03\x01\x02", 4) == FB_REFUSED);
}

/* ---- debounce, ring, what is due ---- */

static void a_chattering_contact_is_one_change_dated_to_its_last_edge(void)
{
    struct fb_debounce contact;
    fb_debounce_start(&contact, false, 0);
    for (uint32_t now = 0; now < 40; now++)
        CHECK(!fb_debounce_step(&contact, now % 2 == 1, now, 20));
    uint32_t changed = 0;
    for (uint32_t now = 40; now < 100; now++)
        if (fb_debounce_step(&contact, true, now, 20))
            changed = now;
    CHECK(changed == 59 && contact.level && contact.since == 39);
    fb_debounce_start(&contact, false, UINT32_MAX - 5u);
    CHECK(!fb_debounce_step(&contact, true, UINT32_MAX - 5u, 10));
    CHECK(!fb_debounce_step(&contact, true, 3, 10));
    CHECK(fb_debounce_step(&contact, true, 4, 10)); /* over the wrap of the counter */
}

static void without_debounce_each_edge_counts(void)
{
    struct fb_debounce contact;
    fb_debounce_start(&contact, false, 0);
    CHECK(fb_debounce_step(&contact, true, 1, 0) && fb_debounce_step(&contact, false, 2, 0));
}

static struct fb_reading at(uint32_t time)
{
    struct fb_reading reading = {time, 0, 1};
    return reading;
}

static void a_full_ring_forgets_its_oldest_and_says_so(void)
{
    struct fb_ring ring;
    fb_ring_start(&ring);
    CHECK(fb_ring_peek(&ring) == NULL);
    for (uint32_t i = 0; i < FB_RING + 3; i++)
        fb_ring_push(&ring, at(i));
    CHECK(ring.oldest == 3 && ring.next == FB_RING + 3 && fb_ring_peek(&ring)->at == 3);
    ring.unsent = 10;
    fb_ring_push(&ring, at(99));
    CHECK(ring.oldest == 4 && ring.unsent == 10);
}

static void only_what_was_numbered_can_be_acknowledged(void)
{
    struct fb_ring ring;
    fb_ring_start(&ring);
    ring.oldest = ring.heard = ring.unsent = ring.next = 65530u; /* over the wrap of the numbers */
    for (uint32_t i = 0; i < 10; i++)
        fb_ring_push(&ring, at(i));
    CHECK(ring.next == 4);
    CHECK(!fb_ring_acknowledge(&ring, 5, 5) && !fb_ring_acknowledge(&ring, 65529u, 65529u) && ring.oldest == 65530u);
    ring.unsent = 65532u;
    CHECK(fb_ring_acknowledge(&ring, 65534u, 65534u) && ring.unsent == 65534u && fb_ring_peek(&ring)->at == 4);
    ring.unsent = 2;
    CHECK(fb_ring_acknowledge(&ring, 0, 0) && ring.unsent == 2 && fb_ring_peek(&ring)->at == 8);
    CHECK(fb_ring_acknowledge(&ring, 4, 4) && fb_ring_peek(&ring) == NULL);
}

static void what_is_due_comes_each_period_over_the_wrap(void)
{
    struct fb_due due;
    uint32_t start = UINT32_MAX - 1500u;
    int turns = 0;
    fb_due_in(&due, start, 1000);
    for (uint32_t i = 0; i <= 5000; i++)
        turns += fb_due_now(&due, start + i);
    CHECK(turns == 5);
    CHECK(fb_due_now(&due, start + 60000u) && !fb_due_now(&due, start + 60000u));
}

/* ---- the bridge ---- */

static const struct fb_channel CHANNELS[5] = {
    {FB_MOTION, FB_ENABLED, 50},
    {FB_DOOR, FB_ENABLED | FB_INVERTED, 20},
    {FB_BUTTON, FB_ENABLED | FB_INVERTED, 30},
    {FB_TAMPER, FB_ENABLED | FB_INVERTED, 50},
    {FB_BED, 0, 0},
};
static struct fb_bridge bridge;

static void at_rest(uint32_t now)
{
    for (uint8_t channel = 0; channel < 4; channel++)
        fb_input(&bridge, channel, channel != 0, now);
}

static void start(void)
{
    written = 0;
    full = false;
    fb_start(&bridge, CHANNELS, 5, "m328p", 7, 1, write_line, 1000);
    fb_bed(&bridge, 4, 12, 100);
    bridge.supply_mv = 4987;
    at_rest(1000);
}

static void say(uint8_t type, uint16_t number, const uint8_t *payload, uint8_t length)
{
    uint8_t out[FB_MAX_FRAME];
    uint8_t size = fb_frame(out, type, number, payload, length);
    for (uint8_t i = 0; i < size; i++)
        fb_receive(&bridge, out[i]);
}

static void acknowledge(uint16_t boot, uint16_t next)
{
    uint8_t payload[4];
    fb_put16(payload, boot);
    fb_put16(payload + 2, next);
    say(FB_ACK, 0, payload, 4);
}

static void door(uint32_t now, bool open)
{
    fb_input(&bridge, 1, !open, now);
    fb_input(&bridge, 1, !open, now + 20);
}

static void a_door_opens_and_golden_frames_say_so(void)
{
    start();
    fb_turn(&bridge, 1000);
    CHECK(is_golden(line, written, "hello"));
    acknowledge(7, 0);
    written = 0;
    door(3456, true);
    fb_turn(&bridge, 3476);
    listen();
    CHECK(count(FB_HEARTBEAT) == 1 && count(FB_READING) == 1);
    const struct golden *opened = named("reading_door_open");
    CHECK(frames[1].number == 0 && memcmp(frames[1].payload, opened->payload, 8) == 0);
    start();
    fb_turn(&bridge, 1000);
    acknowledge(7, 0);
    door(3456, true);
    written = 0;
    fb_turn(&bridge, 4000);
    CHECK(is_golden(line, named("heartbeat")->length, "heartbeat"));
}

static void until_it_is_acknowledged_the_board_introduces_itself(void)
{
    start();
    for (uint32_t now = 1000; now < 9500; now += 10)
        fb_turn(&bridge, now);
    listen();
    CHECK(count(FB_HELLO) == 5);
    acknowledge(6, 0); /* meant for the boot before */
    CHECK(!bridge.greeted);
    acknowledge(7, 0);
    for (uint32_t now = 9500; now < 20000; now += 10)
        fb_turn(&bridge, now);
    listen();
    CHECK(count(FB_HELLO) == 0 && count(FB_HEARTBEAT) == 5);
    say(FB_ASK_HELLO, 1, NULL, 0);
    fb_turn(&bridge, 20000);
    listen();
    CHECK(count(FB_HELLO) == 1);
}

static void what_stands_at_the_start_is_no_reading(void)
{
    start();
    for (uint32_t now = 1000; now < 2000; now += 5)
        at_rest(now);
    CHECK(bridge.ring.next == 0);
    fb_input(&bridge, 7, true, 2000); /* no such channel */
    fb_input(&bridge, 4, true, 2000); /* not enabled */
    CHECK(bridge.ring.next == 0);
}

static void what_nobody_acknowledged_is_sent_again_in_order(void)
{
    start();
    for (uint32_t i = 0; i < 20; i++)
        door(2000 + 50 * i, i % 2 == 0);
    fb_turn(&bridge, 3050);
    listen();
    CHECK(count(FB_READING) == 8); /* no more on the line than the window */
    fb_turn(&bridge, 3549);
    listen();
    CHECK(count(FB_READING) == 0);
    fb_turn(&bridge, 3560);
    listen();
    CHECK(count(FB_HEARTBEAT) == 1 && count(FB_READING) == 8 && frames[heard - 8].number == 0);
    acknowledge(7, 5);
    fb_turn(&bridge, 3570);
    listen();
    CHECK(count(FB_READING) == 5 && frames[0].number == 8);
    acknowledge(7, 20);
    for (uint32_t now = 3600; now < 4900; now += 10)
        fb_turn(&bridge, now);
    listen();
    CHECK(count(FB_READING) == 0);
}

static void heard_all_before(uint16_t kept, uint16_t next)
{
    uint8_t payload[6];
    fb_put16(payload, 7);
    fb_put16(payload + 2, kept);
    fb_put16(payload + 4, next);
    say(FB_ACK, 0, payload, 6);
}

static void what_was_heard_and_is_not_kept_stays_and_is_sent_again_to_a_hub_that_was_started_anew(void)
{
    start();
    for (uint32_t i = 0; i < 6; i++)
        door(2000 + 50 * i, i % 2 == 0);
    fb_turn(&bridge, 2300);
    heard_all_before(0, 6);
    for (uint32_t now = 2310; now < 9000; now += 10)
        fb_turn(&bridge, now);
    listen();
    CHECK(count(FB_READING) == 6 && bridge.ring.oldest == 0); /* once, although nothing is kept */
    heard_all_before(2, 2); /* it was killed, and had kept two */
    for (uint32_t now = 9000; now < 9600; now += 10)
        fb_turn(&bridge, now);
    listen();
    CHECK(count(FB_READING) == 4 && bridge.ring.oldest == 2);
    heard_all_before(2, 9); /* a number that was never given: as if nothing beyond what is kept */
    CHECK(bridge.ring.heard == 2);
    heard_all_before(1, 5); /* kept is gone already, and heard counts all the same */
    CHECK(bridge.ring.oldest == 2 && bridge.ring.heard == 5);
    heard_all_before(6, 6);
    CHECK(bridge.ring.oldest == 6 && bridge.ring.unsent == 6);
    for (uint32_t i = 0; i < FB_RING + 3u; i++)
        door(10000 + 50 * i, i % 2 == 0);
    CHECK(bridge.ring.oldest == 9 && bridge.ring.heard == 9 && bridge.ring.unsent == 9);
}

static void a_press_for_help_that_is_overwritten_is_counted_and_said(void)
{
    start();
    fb_input(&bridge, 2, false, 2000);
    fb_input(&bridge, 2, false, 2040);
    for (uint32_t i = 0; i < FB_RING - 1u; i++)
        door(3000 + 50 * i, i % 2 == 0);
    CHECK(bridge.presses_lost == 0);
    door(9000, false);
    door(9100, true);
    CHECK(bridge.presses_lost == 1);
    for (uint32_t now = 10000; now < 12100; now += 10)
        fb_turn(&bridge, now);
    listen();
    for (uint8_t i = 0; i < heard; i++)
        if (frames[i].type == FB_HEARTBEAT)
            CHECK(frames[i].length == 15 && frames[i].payload[14] == 1);
    CHECK(count(FB_HEARTBEAT) > 0);
}

static void a_way_out_that_is_full_delays_and_loses_nothing(void)
{
    start();
    full = true;
    door(1500, true);
    say(FB_ASK_SELFTEST, 9, NULL, 0);
    say(FB_CONFIGURE, 8, (const uint8_t *)"\x01\x03\x28\x00", 4);
    for (uint32_t now = 1500; now < 4500; now += 10)
        fb_turn(&bridge, now);
    CHECK(written == 0);
    full = false;
    fb_turn(&bridge, 4500);
    listen();
    CHECK(count(FB_HELLO) == 1 && count(FB_HEARTBEAT) >= 1 && count(FB_READING) == 1 && count(FB_DONE) == 1);
    CHECK(count(FB_SELFTEST) == 1);
}

static uint8_t order(uint8_t type, const uint8_t *payload, uint8_t length)
{
    written = 0;
    say(type, 8, payload, length);
    fb_turn(&bridge, 1100);
    listen();
    CHECK(heard > 0 && frames[heard - 1].type == FB_DONE && frames[heard - 1].number == 8);
    CHECK(frames[heard - 1].payload[0] == type);
    return frames[heard - 1].payload[1];
}

static void every_order_is_answered_and_a_wrong_one_changes_nothing(void)
{
    start();
    struct fb_channel before = bridge.channels[1];
    CHECK(order(FB_CONFIGURE, (const uint8_t *)"\x01\x03", 2) == FB_TOO_SHORT);
    CHECK(order(FB_CONFIGURE, (const uint8_t *)"\x05\x03\x28\x00", 4) == FB_NO_CHANNEL);
    CHECK(order(FB_CONFIGURE, (const uint8_t *)"\x01\x03\xe9\x03", 4) == FB_OUT_OF_RANGE);
    CHECK(order(FB_CONFIGURE, (const uint8_t *)"\x01\x04\x28\x00", 4) == FB_OUT_OF_RANGE);
    CHECK(order(FB_ACK, (const uint8_t *)"\x07", 1) == FB_TOO_SHORT);
    CHECK(order(0x99, NULL, 0) == FB_UNKNOWN);
    CHECK(memcmp(&before, &bridge.channels[1], sizeof before) == 0);
    written = 0;
    const struct golden *configure = named("configure");
    for (uint8_t i = 0; i < configure->length; i++)
        fb_receive(&bridge, configure->frame[i]);
    fb_turn(&bridge, 1100);
    CHECK(is_golden(line, written, "done"));
    CHECK(bridge.channels[1].debounce_ms == 40);
}

static void a_channel_that_is_turned_round_has_not_changed(void)
{
    start();
    CHECK(order(FB_CONFIGURE, (const uint8_t *)"\x01\x01\x14\x00", 4) == FB_OK);
    at_rest(1200);
    at_rest(1300);
    CHECK(bridge.ring.next == 0);
    fb_input(&bridge, 1, false, 1400);
    fb_input(&bridge, 1, false, 1420);
    CHECK(bridge.ring.next == 1 && bridge.ring.slots[0].value == 0);
}

static void noise_is_counted_up_to_255_and_no_further(void)
{
    start();
    for (int i = 0; i < 400; i++) {
        fb_receive(&bridge, 9);
        fb_receive(&bridge, 0);
    }
    CHECK(bridge.refused == 255);
}

static uint8_t selftest(uint32_t now)
{
    written = 0;
    say(FB_ASK_SELFTEST, 9, NULL, 0);
    fb_turn(&bridge, now);
    listen();
    CHECK(count(FB_SELFTEST) == 1);
    const struct heard *answer = frames;
    while (answer->type != FB_SELFTEST)
        answer++;
    CHECK(answer->number == 9);
    CHECK((answer->payload[5] & ~answer->payload[4]) == 0); /* nothing passes that was not tested */
    return (uint8_t)(answer->payload[4] << 4 | answer->payload[5]);
}

static void feel_the_bed(void)
{
    CHECK(order(FB_CONFIGURE, (const uint8_t *)"\x04\x01\x00\x00", 4) == FB_OK);
}

static void a_waveform_goes_out_in_numbered_blocks(void)
{
    start();
    fb_sample(&bridge, 4, 1, 1000); /* not enabled: only remembered for the self-test */
    CHECK(bridge.beds[0].sampled == 0);
    feel_the_bed();
    for (int i = 0; i < 100; i++)
        fb_sample(&bridge, 4, i - 50, 2000 + 10 * (uint32_t)i);
    listen();
    CHECK(count(FB_WAVEFORM) == 4 && frames[3].number == 3 && frames[0].length == 58);
    CHECK(memcmp(frames[0].payload, "\xd0\x07\x00\x00\x04\x64\x0c\x19\xce\xff", 10) == 0);
    full = true;
    for (uint32_t i = 0; i < 25; i++)
        fb_sample(&bridge, 4, 0, 3000 + 10 * i);
    full = false;
    for (uint32_t i = 0; i < 25; i++)
        fb_sample(&bridge, 4, 0, 3250 + 10 * i);
    listen();
    CHECK(heard == 1 && frames[0].number == 5); /* the one for which there was no room is seen to be missing */
}

static void load_cells_are_told_in_24_bits(void)
{
    start();
    bridge.bed_count = 0;
    fb_bed(&bridge, 4, FB_HX711_BITS, FB_HX711_HZ);
    feel_the_bed();
    for (int i = 0; i < 25; i++)
        fb_sample(&bridge, 4, (i - 12) * 600000, 2000 + 25 * (uint32_t)i / 2);
    CHECK(is_golden(line, written, "waveform_load_cells"));
    written = 0;
    for (int i = 0; i < 25; i++)
        fb_sample(&bridge, 4, i == 0 ? -8388608 : 8388607, 2312 + 25 * (uint32_t)i / 2);
    listen();
    CHECK(heard == 1 && frames[0].length == 83);
    CHECK(memcmp(frames[0].payload + 8, "\x00\x00\x80\xff\xff\x7f", 6) == 0);
}

static void two_beds_fill_their_own_blocks(void)
{
    start();
    bridge.channels[3].kind = FB_BED;
    fb_bed(&bridge, 3, 24, 80);
    fb_bed(&bridge, 2, 24, 80); /* more than there is room for */
    CHECK(bridge.bed_count == FB_MAX_BEDS);
    feel_the_bed();
    for (uint32_t i = 0; i < 50; i++) {
        fb_sample(&bridge, 3, 1, 2000 + 10 * i);
        fb_sample(&bridge, 4, 2, 2000 + 10 * i);
        fb_sample(&bridge, 2, 3, 2000 + 10 * i); /* no bed's channel */
    }
    listen();
    CHECK(count(FB_WAVEFORM) == 4 && frames[0].payload[4] == 3 && frames[1].payload[4] == 4);
    CHECK(frames[0].length == 83 && frames[1].length == 58 && frames[3].number == 3);
}

static void a_block_never_hides_a_gap(void)
{
    start();
    feel_the_bed();
    for (uint32_t i = 0; i < 24; i++)
        fb_sample(&bridge, 4, 1, 2000 + 10 * i);
    for (uint32_t i = 0; i < 25; i++)
        fb_sample(&bridge, 4, 2, 2251 + 10 * i); /* 21 ms after the one before */
    listen();
    CHECK(count(FB_WAVEFORM) == 1 && memcmp(frames[0].payload, "\xcb\x08\x00\x00", 4) == 0);
    CHECK(frames[0].payload[8] == 2);
    for (uint32_t i = 0; i < 100; i++)
        fb_sample(&bridge, 4, 3, 3000 + 100 * i); /* ten a second are no waveform */
    CHECK(written == 0);
}

static void a_self_test_says_what_was_tested_and_what_passed(void)
{
    start();
    say(FB_ASK_SELFTEST, 9, NULL, 0);
    fb_turn(&bridge, 1999);
    listen();
    CHECK(count(FB_SELFTEST) == 0); /* an amplifier may still be waking up */
    bridge.supply_mv = 0;
    fb_sample(&bridge, 4, 12, 1990);
    CHECK(selftest(2000) == (FB_TEST_CRC << 4 | FB_TEST_CRC)); /* a bed that is off is not tested */
    bridge.supply_mv = 4499;
    CHECK(selftest(2000) == (3 << 4 | FB_TEST_CRC));
    bridge.supply_mv = 5501;
    CHECK(selftest(2000) == (3 << 4 | FB_TEST_CRC));
    bridge.supply_mv = 5500;
    CHECK(selftest(2000) == (3 << 4 | 3));
}

static void a_bed_that_is_dead_slow_or_on_its_rail_does_not_pass(void)
{
    start();
    feel_the_bed();
    CHECK(selftest(2200) == (7 << 4 | 3)); /* it has never given a sample */
    fb_sample(&bridge, 4, 12, 2200);
    fb_sample(&bridge, 4, 12, 2210);
    CHECK(selftest(2210) == (7 << 4 | 7) && selftest(3209) == (7 << 4 | 7));
    CHECK(selftest(3210) == (7 << 4 | 3)); /* for a second it has been silent */
    fb_sample(&bridge, 4, 12, 3300);
    CHECK(selftest(3301) == (7 << 4 | 3));
    fb_sample(&bridge, 4, 12, 3310);
    CHECK(selftest(3311) == (7 << 4 | 7));
    static const int16_t rails[] = {2047, 2032, -2032, -2048}, inside[] = {2031, 0, -2031};
    uint32_t now = 3310;
    for (size_t i = 0; i < sizeof rails / sizeof *rails; i++) {
        fb_sample(&bridge, 4, rails[i], now += 10);
        CHECK(selftest(now) == (7 << 4 | 3));
    }
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        fb_sample(&bridge, 4, inside[i], now += 10);
        CHECK(selftest(now) == (7 << 4 | 7));
    }
}

/* ---- HX711: the chip as its datasheet has it, at two pins ---- */

static struct {
    int32_t value;
    uint8_t clocked;
    bool ready;
    bool no_clock; /* its PD_SCK is cut */
} chip;

static bool chip_data(void)
{
    if (chip.no_clock || chip.clocked == 0)
        return !chip.ready;
    return chip.clocked > 24 || ((uint32_t)chip.value >> (24 - chip.clocked) & 1u) != 0;
}

static bool chip_clock(void)
{
    chip.clocked++;
    return chip_data();
}

static bool weigh(int32_t value, int32_t *sample)
{
    chip.value = value;
    chip.clocked = 0;
    chip.ready = true;
    return fb_hx711_read(chip_data, chip_clock, sample);
}

static void load_cells_are_read_bit_by_bit_at_gain_128(void)
{
    static const int32_t values[] = {0, 1, -1, 8388607, -8388608, 0x123456, -0x123456, 0x555555, -0x555556};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int32_t sample = 77;
        CHECK(weigh(values[i], &sample) && sample == values[i] && chip.clocked == 25);
    }
}

static void load_cells_that_do_not_answer_give_no_sample(void)
{
    int32_t sample = 77;
    chip.ready = false;
    chip.clocked = 0;
    CHECK(!fb_hx711_read(chip_data, chip_clock, &sample) && chip.clocked == 0); /* not ready, or cut off: left alone */
    chip.no_clock = true;
    CHECK(!weigh(5, &sample)); /* DOUT stays low, as it does with a wire on ground */
    chip.no_clock = false;
    CHECK(sample == 77);
}

static void more_channels_than_there_is_room_for_are_left_out(void)
{
    struct fb_channel many[FB_MAX_CHANNELS + 1];
    memset(many, 0, sizeof many);
    written = 0;
    fb_start(&bridge, many, FB_MAX_CHANNELS + 1, "a-name-too-long", 1, 8, write_line, 0);
    fb_turn(&bridge, 0);
    listen();
    CHECK(frames[0].length == 22 + 4 * 8 && frames[0].payload[21] == 8);
    CHECK(memcmp(frames[0].payload + 13, "a-name-t", 8) == 0);
}

int main(int arguments, char **argument)
{
    CHECK(arguments == 2);
    read_golden(argument[1]);
    golden_frames_are_written_and_read_byte_for_byte();
    the_crc_has_its_published_check_value();
    a_payload_that_is_too_long_is_not_sent();
    whatever_came_before_the_next_whole_frame_is_read();
    every_flipped_bit_of_a_frame_is_noticed();
    a_frame_without_an_end_is_dropped_whole();
    another_version_and_a_frame_too_short_are_refused();
    a_chattering_contact_is_one_change_dated_to_its_last_edge();
    without_debounce_each_edge_counts();
    a_full_ring_forgets_its_oldest_and_says_so();
    only_what_was_numbered_can_be_acknowledged();
    what_is_due_comes_each_period_over_the_wrap();
    a_door_opens_and_golden_frames_say_so();
    until_it_is_acknowledged_the_board_introduces_itself();
    what_stands_at_the_start_is_no_reading();
    what_nobody_acknowledged_is_sent_again_in_order();
    what_was_heard_and_is_not_kept_stays_and_is_sent_again_to_a_hub_that_was_started_anew();
    a_press_for_help_that_is_overwritten_is_counted_and_said();
    a_way_out_that_is_full_delays_and_loses_nothing();
    every_order_is_answered_and_a_wrong_one_changes_nothing();
    a_channel_that_is_turned_round_has_not_changed();
    noise_is_counted_up_to_255_and_no_further();
    a_waveform_goes_out_in_numbered_blocks();
    load_cells_are_told_in_24_bits();
    two_beds_fill_their_own_blocks();
    a_block_never_hides_a_gap();
    a_self_test_says_what_was_tested_and_what_passed();
    a_bed_that_is_dead_slow_or_on_its_rail_does_not_pass();
    load_cells_are_read_bit_by_bit_at_gain_128();
    load_cells_that_do_not_answer_give_no_sample();
    more_channels_than_there_is_room_for_are_left_out();
    printf("core: %d facts hold\n", facts);
    return 0;
}
