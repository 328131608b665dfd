/* ATmega328P at 16 MHz (Arduino Nano or Uno): pins, UART, ADC, HX711, watchdog, sleep. Pin table in README.md.

   Timer 0 ticks each millisecond and wakes the processor, which otherwise sleeps; interrupts only fill and empty rings.
   The watchdog is fed by the loop alone, so a loop or a timer that stands still means a reset within a second. */
#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <util/atomic.h>
#include <util/delay.h>

#include "bridge.h"
#include "hx711.h"

#define TICKS_PER_MS 250u  /* of timer 0: 16 MHz / 64 */
#define UBRR_115200 16u    /* double speed: 117,647 baud, 2.1 % fast */
#define BED_BITS 12u
#define BED_HZ 100u
#define BED_READS 16u      /* summed and divided by four: 12 bits from the ADC's ten */
#define SUPPLY_EVERY_MS FB_HEARTBEAT_MS /* so that each heartbeat has a new one to tell */
#define SUPPLY_READS 16u   /* the first ones are of an input that is still settling; the sum of the last four counts */
#define BANDGAP_MV 1100UL  /* of the chip's own reference, to a tenth */
#define ADC_BED 0u
#define ADC_BANDGAP 0x0Eu

enum channel { MOTION, DOOR, BUTTON, TAMPER, BED, LOAD, CHANNELS };

static const struct fb_channel channels[CHANNELS] = {
    {FB_MOTION, FB_ENABLED, 50}, /* a wire that is cut is one motion without end, not one after another */
    {FB_DOOR, FB_ENABLED, 20}, /* open, or its wire cut: the pull-up wins */
    {FB_BUTTON, FB_ENABLED | FB_INVERTED, 30},
    {FB_TAMPER, FB_ENABLED, 50}, /* the case's switch opens with it */
    {FB_BED, 0, 0}, /* a strip, at the ADC */
    {FB_BED, 0, 0}, /* load cells, at the HX711 */
};
static const uint8_t pins[] = {PIND2, PIND3, PIND4, PIND5};
#define HX711_DATA PIND6
#define HX711_CLOCK PORTD7
#define PULLED_UP (_BV(PORTD2) | _BV(PORTD3) | _BV(PORTD4) | _BV(PORTD5) | _BV(HX711_DATA))

static struct fb_bridge bridge;
static uint8_t reset_cause __attribute__((section(".noinit")));
static uint16_t boots EEMEM;

/* ---- before main: the watchdog may still run, and its time be up soon ---- */

void first(void) __attribute__((naked, used, section(".init3")));
void first(void)
{
    reset_cause = MCUSR;
    MCUSR = 0;
    wdt_disable();
}

/* ---- time ---- */

static volatile uint32_t ticks;

ISR(TIMER0_COMPA_vect)
{
    ticks++;
}

static uint32_t now_ms(void)
{
    uint32_t now;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        now = ticks;
    }
    return now;
}

/* ---- UART: one index is the interrupt's, the other the loop's; both are bytes, so reading one needs no lock ---- */

static uint8_t out[256];
static volatile uint8_t out_from, out_to;
static uint8_t in[64];
static volatile uint8_t in_from, in_to;

ISR(USART_UDRE_vect)
{
    if (out_from == out_to)
        UCSR0B = (uint8_t)(UCSR0B & ~_BV(UDRIE0));
    else
        UDR0 = out[out_from++];
}

ISR(USART_RX_vect)
{
    uint8_t byte = UDR0;
    uint8_t next = (uint8_t)((in_to + 1u) % sizeof in);
    if (next == in_from)
        return; /* the frame it was of fails its CRC, and the hub says it again */
    in[in_to] = byte;
    in_to = next;
}

static bool write_out(const uint8_t *bytes, uint8_t length)
{
    uint8_t room = (uint8_t)(out_from - out_to - 1);
    if (length > room)
        return false;
    for (uint8_t i = 0; i < length; i++)
        out[(uint8_t)(out_to + i)] = bytes[i];
    __asm__ __volatile__("" ::: "memory"); /* the interrupt reads what the index lets it: first the bytes, then the index */
    out_to = (uint8_t)(out_to + length);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        UCSR0B = (uint8_t)(UCSR0B | _BV(UDRIE0));
    }
    return true;
}

static void read_in(void)
{
    while (in_from != in_to) {
        uint8_t byte = in[in_from];
        in_from = (uint8_t)((in_from + 1u) % sizeof in);
        fb_receive(&bridge, byte);
    }
}

/* ---- ADC: a burst of one input, summed by the interrupt ---- */

static volatile uint8_t reads_left;
static volatile uint16_t sum;
static uint8_t reading; /* which input the burst is of; its result is taken by the loop */
static bool burst;
static uint32_t burst_at;
static struct fb_due bed_due, supply_due;
static bool supply_wanted;

ISR(ADC_vect)
{
    uint16_t value = ADC;
    if (reading != ADC_BANDGAP || reads_left <= 4u)
        sum = (uint16_t)(sum + value);
    if (--reads_left > 0)
        ADCSRA = (uint8_t)(ADCSRA | _BV(ADSC));
}

static void begin(uint8_t input, uint8_t reads, uint32_t now)
{
    reading = input;
    sum = 0;
    reads_left = reads;
    burst = true;
    burst_at = now;
    ADMUX = (uint8_t)(_BV(REFS0) | input); /* against the supply */
    ADCSRA = (uint8_t)(ADCSRA | _BV(ADSC));
}

static void take(void)
{
    burst = false;
    if (reading == ADC_BED)
        fb_sample(&bridge, BED, (int32_t)(sum >> 2) - 2048, burst_at);
    else if (sum > 0)
        bridge.supply_mv = (uint16_t)(BANDGAP_MV * 1024UL * 4UL / sum);
}

static void measure(uint32_t now)
{
    if (burst && reads_left == 0)
        take();
    if (fb_due_now(&supply_due, now))
        supply_wanted = true;
    if (burst)
        return;
    if (fb_due_now(&bed_due, now)) {
        begin(ADC_BED, BED_READS, now);
    } else if (supply_wanted) {
        supply_wanted = false;
        begin(ADC_BANDGAP, SUPPLY_READS, now);
    }
}

/* ---- HX711: read when it is ready, within a tenth of a millisecond; its DOUT is looked at once a tick ---- */

static bool hx711_data(void)
{
    return (PIND & _BV(HX711_DATA)) != 0;
}

/* Without an interrupt for 2 us: a byte on the line takes 87. */
static bool hx711_clock(void)
{
    bool level = false;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        PORTD = (uint8_t)(PORTD | _BV(HX711_CLOCK));
        _delay_us(1);
        level = hx711_data();
        PORTD = (uint8_t)(PORTD & ~_BV(HX711_CLOCK));
    }
    return level;
}

static void weigh(uint32_t now)
{
    int32_t sample = 0;
    if (fb_hx711_read(hx711_data, hx711_clock, &sample))
        fb_sample(&bridge, LOAD, sample, now);
}

/* ---- the whole ---- */

static void begin_all(void)
{
    PORTD = PULLED_UP; /* and the HX711's clock low: it runs */
    DDRD = _BV(HX711_CLOCK);
    TCCR0A = _BV(WGM01);
    TCCR0B = _BV(CS01) | _BV(CS00);
    OCR0A = TICKS_PER_MS - 1u;
    TIMSK0 = _BV(OCIE0A);
    UBRR0 = UBRR_115200;
    UCSR0A = _BV(U2X0);
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
    ADCSRA = _BV(ADEN) | _BV(ADIE) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
    DIDR0 = _BV(ADC0D);
    uint16_t boot = (uint16_t)(eeprom_read_word(&boots) + 1u);
    eeprom_update_word(&boots, boot);
    fb_start(&bridge, channels, CHANNELS, "m328p", boot, reset_cause & 0x0Fu, write_out, 0);
    fb_bed(&bridge, BED, BED_BITS, BED_HZ);
    fb_bed(&bridge, LOAD, FB_HX711_BITS, FB_HX711_HZ);
    fb_due_in(&bed_due, 0, 1000u / BED_HZ);
    fb_due_in(&supply_due, 0, SUPPLY_EVERY_MS);
    supply_wanted = true;
    (void)write_out((const uint8_t *)"", 1); /* an end: whatever the bootloader said is over */
    wdt_enable(WDTO_1S);
    SMCR = SLEEP_MODE_IDLE; /* deeper, the UART would not hear */
    sei();
}

int main(void)
{
    uint32_t seen = UINT32_MAX;
    begin_all();
    for (;;) {
        uint32_t now = now_ms();
        read_in();
        if (now != seen) {
            seen = now;
            wdt_reset();
            uint8_t levels = PIND;
            for (uint8_t i = 0; i < sizeof pins; i++)
                fb_input(&bridge, i, (levels & _BV(pins[i])) != 0, now);
            measure(now);
            weigh(now);
            fb_turn(&bridge, now);
        }
        sleep_mode(); /* until the next tick at the latest */
    }
}
