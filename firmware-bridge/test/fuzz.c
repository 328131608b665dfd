/* The board's ear under libFuzzer: any bytes at any pace, then what must still be so. `make fuzz`.

   Each input byte 0xF0..0xFF does something to the board instead (time passes, a pin moves, the way out fills), so that
   what is heard meets every state; and 0xEF makes a whole frame of what follows (type, length, payload), which chance
   would seldom give its CRC. Afterwards the next whole frame is understood, and the ring is in order. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bridge.h"

static const struct fb_channel CHANNELS[3] = {{FB_DOOR, FB_ENABLED, 0}, {FB_MOTION, FB_ENABLED, 50}, {FB_BED, FB_ENABLED, 0}};
static bool full;
static struct fb_deframer hub;

static void must(bool fact)
{
    if (!fact)
        abort();
}

static bool write_line(const uint8_t *bytes, uint8_t length)
{
    must(length > 0 && length <= FB_MAX_FRAME);
    if (full)
        return false;
    for (uint8_t i = 0; i < length; i++)
        must(fb_deframer_feed(&hub, bytes[i]) == (i + 1 < length ? FB_MORE : FB_FRAME)); /* the hub understands it all */
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fb_bridge bridge;
    uint32_t now = UINT32_MAX - 5000u; /* the counter wraps on the way */
    uint8_t frame[FB_MAX_FRAME];
    full = false;
    fb_deframer_start(&hub);
    fb_start(&bridge, CHANNELS, 3, "fuzz", 7, 0, write_line, now);
    fb_bed(&bridge, 2, 24, 80);
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = data[i];
        if (byte == 0xEFu && size - i > 3 && data[i + 2] <= FB_MAX_PAYLOAD && size - i - 3 >= data[i + 2]) {
            uint8_t length = fb_frame(frame, data[i + 1], (uint16_t)i, data + i + 3, data[i + 2]);
            for (uint8_t at = 0; at < length; at++)
                fb_receive(&bridge, frame[at]);
            i += 2u + data[i + 2];
            continue;
        }
        if (byte < 0xF0u) {
            fb_receive(&bridge, byte);
            continue;
        }
        if (byte == 0xF0u)
            full = !full;
        for (uint8_t samples = byte & 0x0Fu; samples > 0; samples--) {
            now += 12u;
            fb_sample(&bridge, 2, (int32_t)(now << 8) >> 8, now);
        }
        fb_input(&bridge, byte & 1u, (byte & 2u) != 0, now);
        fb_turn(&bridge, now);
        must((uint16_t)(bridge.ring.next - bridge.ring.oldest) <= FB_RING);
        must((uint16_t)(bridge.ring.unsent - bridge.ring.oldest) <= (uint16_t)(bridge.ring.next - bridge.ring.oldest));
        must(bridge.deframer.length <= FB_MAX_COBS && bridge.beds[0].sampled < FB_MAX_SAMPLES);
    }
    fb_receive(&bridge, 0);
    bridge.selftest_wanted = false;
    uint8_t length = fb_frame(frame, FB_ASK_SELFTEST, 0x1234, NULL, 0);
    for (uint8_t i = 0; i < length; i++)
        fb_receive(&bridge, frame[i]);
    must(bridge.selftest_wanted && bridge.selftest_number == 0x1234);
    return 0;
}
