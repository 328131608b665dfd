#include "frame.h"

#include <string.h>

void fb_put16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value & 0xFFu);
    out[1] = (uint8_t)(value >> 8);
}

void fb_put32(uint8_t *out, uint32_t value)
{
    fb_put16(out, (uint16_t)(value & 0xFFFFu));
    fb_put16(out + 2, (uint16_t)(value >> 16));
}

uint16_t fb_get16(const uint8_t *in)
{
    return (uint16_t)(in[0] | (uint16_t)((uint16_t)in[1] << 8));
}

uint16_t fb_crc(const uint8_t *bytes, uint8_t length)
{
    uint16_t crc = 0xFFFFu;
    for (uint8_t i = 0; i < length; i++) {
        crc = (uint16_t)(crc ^ (uint16_t)((uint16_t)bytes[i] << 8));
        for (uint8_t bit = 0; bit < 8; bit++) {
            uint16_t shifted = (uint16_t)(crc << 1);
            crc = (crc & 0x8000u) != 0 ? (uint16_t)(shifted ^ 0x1021u) : shifted;
        }
    }
    return crc;
}

uint8_t fb_frame(uint8_t out[FB_MAX_FRAME], uint8_t type, uint16_t number, const uint8_t *payload, uint8_t length)
{
    if (length > FB_MAX_PAYLOAD)
        return 0;
    /* Laid out one byte in, where COBS leaves every byte that is not zero. */
    uint8_t raw = (uint8_t)(FB_HEAD + length + 2u);
    uint8_t *body = out + 1;
    body[0] = FB_VERSION;
    body[1] = type;
    fb_put16(body + 2, number);
    if (length > 0)
        memcpy(body + FB_HEAD, payload, length);
    fb_put16(body + FB_HEAD + length, fb_crc(body, (uint8_t)(FB_HEAD + length)));

    uint8_t code_at = 0;
    for (uint8_t i = 1; i <= raw; i++) {
        if (out[i] == 0) {
            out[code_at] = (uint8_t)(i - code_at);
            code_at = i;
        }
    }
    out[code_at] = (uint8_t)(raw + 1u - code_at);
    out[raw + 1u] = 0;
    return (uint8_t)(raw + 2u);
}

void fb_deframer_start(struct fb_deframer *self)
{
    memset(self, 0, sizeof *self);
}

/* Undoes COBS in place; the length without it, or 0 when it is none. */
static uint8_t unstuff(uint8_t *bytes, uint8_t length)
{
    uint8_t from = 0, to = 0;
    while (from < length) {
        uint8_t code = bytes[from];
        if (code > (uint8_t)(length - from))
            return 0;
        for (uint8_t i = 1; i < code; i++)
            bytes[to++] = bytes[from + i];
        from = (uint8_t)(from + code);
        if (from < length)
            bytes[to++] = 0;
    }
    return to;
}

static enum fb_heard whole(struct fb_deframer *self)
{
    uint8_t length = unstuff(self->bytes, self->length);
    if (length < FB_HEAD + 2u)
        return FB_REFUSED;
    uint8_t body = (uint8_t)(length - 2u);
    if (fb_crc(self->bytes, body) != fb_get16(self->bytes + body) || self->bytes[0] != FB_VERSION)
        return FB_REFUSED;
    self->type = self->bytes[1];
    self->number = fb_get16(self->bytes + 2);
    self->payload = self->bytes + FB_HEAD;
    self->payload_length = (uint8_t)(body - FB_HEAD);
    return FB_FRAME;
}

enum fb_heard fb_deframer_feed(struct fb_deframer *self, uint8_t byte)
{
    if (byte != 0) {
        if (self->length == FB_MAX_COBS)
            self->endless = true;
        else
            self->bytes[self->length++] = byte;
        return FB_MORE;
    }
    enum fb_heard heard = FB_MORE;
    if (self->endless)
        heard = FB_REFUSED;
    else if (self->length > 0)
        heard = whole(self);
    self->length = 0;
    self->endless = false;
    return heard;
}
