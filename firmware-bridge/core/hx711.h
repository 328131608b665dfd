/* HX711, the amplifier of load cells: two wires, 24 bits. A board layer gives the pins. */
#ifndef FB_HX711_H
#define FB_HX711_H

#include <stdbool.h>
#include <stdint.h>

#define FB_HX711_BITS 24u
#define FB_HX711_HZ 80u /* nominal, of its own oscillator, with its RATE pin high */

/* The level of DOUT. The pin has a pull-up, so that a wire that is cut is high. */
typedef bool (*fb_hx711_data)(void);
/* One clock: PD_SCK high, the level of DOUT while it is, and low again. High for 1 to 50 us, whatever interrupts there
   are: beyond 60 us the HX711 switches itself off. It may be low for as long as it takes. */
typedef bool (*fb_hx711_clock)(void);

/* Takes the sample that is ready, from channel A at gain 128. False when there is none: DOUT is high, or still low after
   the clock that must raise it, as where it lies on ground or the clock's wire is cut. To be called every few ms. */
bool fb_hx711_read(fb_hx711_data data, fb_hx711_clock clock, int32_t *sample);

#endif
