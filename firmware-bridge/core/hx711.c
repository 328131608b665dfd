#include "hx711.h"

bool fb_hx711_read(fb_hx711_data data, fb_hx711_clock clock, int32_t *sample)
{
    if (data())
        return false;
    uint32_t raw = 0;
    for (uint8_t bit = 0; bit < FB_HX711_BITS; bit++)
        raw = raw << 1 | (clock() ? 1u : 0u);
    (void)clock(); /* the 25th: channel A at gain 128 the next time too */
    if (!data())
        return false;
    *sample = raw < 0x800000u ? (int32_t)raw : (int32_t)raw - 0x1000000;
    return true;
}
