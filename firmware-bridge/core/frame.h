/* Frames of the wire format, version 1: see README.md. No allocation; every bound is here. */
#ifndef FB_FRAME_H
#define FB_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define FB_VERSION 1u
#define FB_HEAD 4u
#define FB_MAX_PAYLOAD 96u
#define FB_MAX_RAW (FB_HEAD + FB_MAX_PAYLOAD + 2u) /* with the CRC */
#define FB_MAX_COBS (FB_MAX_RAW + 1u)              /* below 254 bytes COBS adds exactly one */
#define FB_MAX_FRAME (FB_MAX_COBS + 1u)            /* with the end */

enum fb_type {
    FB_HELLO = 0x01,
    FB_READING = 0x02,
    FB_HEARTBEAT = 0x03,
    FB_WAVEFORM = 0x04,
    FB_SELFTEST = 0x05,
    FB_DONE = 0x06,
    FB_ASK_HELLO = 0x81,
    FB_ACK = 0x82,
    FB_CONFIGURE = 0x83,
    FB_ASK_SELFTEST = 0x84
};

enum fb_heard { FB_MORE, FB_FRAME, FB_REFUSED };

/* Reads one byte at a time. A frame that would not fit is dropped whole, up to its end. */
struct fb_deframer {
    uint8_t bytes[FB_MAX_COBS];
    uint8_t length;
    bool endless;
    uint8_t type; /* these four are of the last frame, until the next byte */
    uint16_t number;
    const uint8_t *payload;
    uint8_t payload_length;
};

uint16_t fb_crc(const uint8_t *bytes, uint8_t length);

/* Writes a whole frame with its end and returns its length; 0 when the payload is longer than FB_MAX_PAYLOAD. */
uint8_t fb_frame(uint8_t out[FB_MAX_FRAME], uint8_t type, uint16_t number, const uint8_t *payload, uint8_t length);

void fb_deframer_start(struct fb_deframer *self);
enum fb_heard fb_deframer_feed(struct fb_deframer *self, uint8_t byte);

void fb_put16(uint8_t *out, uint16_t value);
void fb_put32(uint8_t *out, uint32_t value);
uint16_t fb_get16(const uint8_t *in);

#endif
