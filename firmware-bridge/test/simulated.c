/* The board's real binary in a simulated ATmega328P, its UART on a pty, an HX711 at D6 and D7. Needs libsimavr.

   simulated BINARY: says the pty's path in one line, and ends with its stdin. There it takes orders, a line each, answered
   with "ok" once the board has had 60 ms to see it:
   PIN LEVEL       sets a pin of port D
   a MILLIVOLTS    the bed strip's input
   v MILLIVOLTS    the supply
   load VALUE      an HX711 is wired, and weighs so much; one more with each sample
   load HOW        cut: all its wires; deaf: the clock's alone; short: its DOUT on ground; slow: ten samples a second
   hang            stops the timer that wakes the board
   These are answered at once:
   t               the simulated time in ms, the only one that holds where the machine is too busy to keep step with
   s               the bytes of RAM that neither data nor the stack have ever used
   m COUNT         so many bytes of the flash, in hex

   simulated BOOTLOADER.bin: a board that is empty but for its bootloader, which starts, as by the reset that opening a
   real port is, with the first byte on the pty. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <simavr/avr_adc.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_cycle_timers.h>
#include <simavr/sim_elf.h>

#define MHZ 16u
#define SEEN_AFTER (60000u * MHZ) /* cycles: the longest debounce is 50 ms */
#define LOOK_EVERY (1000u * MHZ) /* cycles between two looks at the pty and stdin: a millisecond */

static int line = -1;
static avr_cycle_count_t seen_at; /* 0: nothing to be seen */
static int room = 1; /* in the UART's own queue */
static avr_ioport_external_t pins = {.name = 'D', .mask = 0x7C};

static void quiet(avr_t *avr, const int level, const char *format, va_list values)
{
    (void)avr;
    if (level <= LOG_ERROR)
        vfprintf(stderr, format, values);
}

static long long now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* The processor sleeps for so many cycles: wait until the clock has come as far. */
static void keep_step(avr_t *avr, avr_cycle_count_t cycles)
{
    static long long start_us;
    long long ahead_us;
    if (start_us == 0)
        start_us = now_us() - (long long)(avr->cycle / MHZ);
    ahead_us = (long long)((avr->cycle + cycles) / MHZ) - (now_us() - start_us);
    if (ahead_us > 0)
        usleep((unsigned)ahead_us);
}

static void said(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq;
    (void)unused;
    uint8_t byte = (uint8_t)value;
    if (write(line, &byte, 1) != 1)
        return; /* nobody reads and the pty is full: lost, as on a wire */
}

static void may_hear(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq;
    (void)value;
    (void)unused;
    room = 1;
}

static void must_wait(struct avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq;
    (void)value;
    (void)unused;
    room = 0;
}

/* Driven from outside, whatever pull-up the binary asks for. */
static void drive(avr_t *avr, int pin, unsigned level)
{
    pins.value = (uint8_t)((pins.value & ~(1u << pin)) | (level != 0 ? 1u << pin : 0));
    avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL('D'), &pins);
    avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('D'), pin), level != 0);
}

/* ---- HX711, as its datasheet has it ---- */

#define DOUT 6
#define PD_SCK 7
#define EVERY_US 12500u
#define SETTLES_US 50000u
#define OFF_AFTER_US 50u /* of a high clock; the datasheet promises no more */
enum wiring { CUT, WIRED, DEAF, SHORT };

static struct {
    enum wiring wiring;
    uint32_t every_us;
    int32_t value;
    unsigned clocked;
    avr_cycle_count_t raised_at; /* 0: the clock is low */
} chip = {.every_us = EVERY_US};
static int mistreated; /* then the board is wrong, and so is what this program ends with */

static avr_cycle_count_t converted(avr_t *avr, avr_cycle_count_t when, void *unused)
{
    (void)unused;
    if (chip.wiring == WIRED || chip.wiring == DEAF) {
        chip.value += chip.value < 8388607; /* there it stays */
        chip.clocked = 0;
        drive(avr, DOUT, 0);
    }
    return when + chip.every_us * MHZ;
}

static void clocked(struct avr_irq_t *irq, uint32_t high, void *of)
{
    avr_t *avr = of;
    (void)irq;
    if (chip.wiring != WIRED)
        return;
    if (high && chip.raised_at == 0) {
        chip.raised_at = avr->cycle;
        chip.clocked++;
        drive(avr, DOUT, chip.clocked > 24 || ((uint32_t)chip.value >> (24 - chip.clocked) & 1u) != 0);
    } else if (!high && chip.raised_at != 0) {
        uint32_t us = (uint32_t)((avr->cycle - chip.raised_at) / MHZ);
        chip.raised_at = 0;
        if (us >= OFF_AFTER_US) {
            fprintf(stderr, "simulated: the HX711's clock was high for %u us: it was off\n", us);
            mistreated = 1;
            drive(avr, DOUT, 1);
            avr_cycle_timer_register(avr, SETTLES_US * MHZ, converted, NULL);
        }
    }
}

static int load(avr_t *avr, const char *how)
{
    int value;
    if (strncmp(how, "cut", 3) == 0)
        chip.wiring = CUT;
    else if (strncmp(how, "deaf", 4) == 0)
        chip.wiring = DEAF;
    else if (strncmp(how, "short", 5) == 0)
        chip.wiring = SHORT;
    else if (strncmp(how, "slow", 4) == 0)
        chip.every_us = 100000;
    else if (sscanf(how, "%d", &value) == 1) {
        chip.wiring = WIRED;
        chip.every_us = EVERY_US;
        chip.value = value - 1;
        chip.clocked = 0;
        chip.raised_at = 0;
    } else
        return 0;
    drive(avr, DOUT, chip.wiring != SHORT);
    avr_cycle_timer_register(avr, SETTLES_US * MHZ, converted, NULL);
    return 1;
}

#define TCCR0B 0x45

static int obey(avr_t *avr, const char *order)
{
    int pin;
    unsigned value;
    if (strncmp(order, "load ", 5) == 0)
        return load(avr, order + 5);
    if (strncmp(order, "hang", 4) == 0) {
        avr->io[AVR_DATA_TO_IO(TCCR0B)].w.c(avr, TCCR0B, 0, avr->io[AVR_DATA_TO_IO(TCCR0B)].w.param);
        return 1;
    }
    if (sscanf(order, "a %u", &value) == 1)
        avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0), value);
    else if (sscanf(order, "v %u", &value) == 1)
        avr->vcc = avr->avcc = avr->aref = value;
    else if (sscanf(order, "%d %u", &pin, &value) == 2 && pin >= 2 && pin < 6)
        drive(avr, pin, value);
    else
        return 0;
    return 1;
}

#define STACK 0x5D /* its pointer */
static uint32_t data_ends;
static uint32_t deepest = UINT32_MAX;

static void watch_stack(const avr_t *avr)
{
    uint32_t pointer = avr->data[STACK] | (uint32_t)avr->data[STACK + 1] << 8;
    if (pointer >= 0x100 && pointer < deepest) /* before main sets it, it is nowhere */
        deepest = pointer;
}

static void show_flash(avr_t *avr, uint32_t count)
{
    for (uint32_t i = 0; i < count && i <= avr->flashend; i++)
        printf("%02x", avr->flash[i]);
    printf("\n");
    fflush(stdout);
}

/* What has come on stdin and on the pty; 0 when stdin has ended. */
static int look(avr_t *avr)
{
    static char order[64];
    static size_t length;
    struct pollfd from[2] = {{0, POLLIN, 0}, {line, room ? POLLIN : 0, 0}};
    uint8_t byte;
    if (poll(from, 2, 0) <= 0)
        return 1;
    while ((from[0].revents & (POLLIN | POLLHUP)) != 0) {
        if (read(0, &byte, 1) != 1)
            return 0;
        order[length++] = (char)byte;
        if (byte == '\n' || length == sizeof order - 1) {
            order[length] = '\0';
            length = 0;
            if (order[0] == 't') {
                printf("%llu\n", (unsigned long long)(avr->cycle / MHZ / 1000u));
                fflush(stdout);
            } else if (order[0] == 's') {
                printf("%ld\n", (long)deepest + 1 - (long)data_ends);
                fflush(stdout);
            } else if (order[0] == 'm') {
                show_flash(avr, (uint32_t)atoi(order + 1));
            } else if (obey(avr, order)) {
                seen_at = avr->cycle + SEEN_AFTER;
            } else {
                fprintf(stderr, "simulated: not understood: %s", order);
                return 0;
            }
            break;
        }
    }
    while ((from[1].revents & POLLIN) != 0 && room && read(line, &byte, 1) == 1)
        avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT), byte);
    return 1;
}

static void open_line(void)
{
    int other;
    struct termios raw;
    memset(&raw, 0, sizeof raw);
    cfmakeraw(&raw);
    if (openpty(&line, &other, NULL, &raw, NULL) != 0) {
        perror("simulated: no pty");
        exit(1);
    }
    fcntl(line, F_SETFL, O_NONBLOCK);
    printf("%s\n", ttyname(other)); /* `other` stays open, so that a reader may come and go */
    fflush(stdout);
}

#define MCUSR 0x54
#define EXTRF 1u /* started by the reset pin */

static void wait_for_a_byte(void)
{
    struct pollfd from[2] = {{0, 0, 0}, {line, POLLIN, 0}};
    while (poll(from, 2, -1) >= 0 && from[1].revents == 0)
        if (from[0].revents != 0)
            exit(0);
}

/* At the end of the flash, as the chip's fuses have it. */
static int load_bootloader(avr_t *avr, const char *path)
{
    uint8_t code[4096];
    FILE *file = fopen(path, "rb");
    size_t size = file == NULL ? 0 : fread(code, 1, sizeof code, file);
    if (file != NULL)
        fclose(file);
    avr->pc = avr->reset_pc = avr->flashend + 1u - (uint32_t)size;
    avr_loadcode(avr, code, (uint32_t)size, avr->pc);
    avr->codeend = avr->flashend;
    avr->data[MCUSR] = 1u << EXTRF;
    return size > 0;
}

static int load_program(avr_t *avr, const char *path)
{
    elf_firmware_t binary;
    memset(&binary, 0, sizeof binary);
    if (elf_read_firmware(path, &binary) != 0)
        return 0;
    avr_load_firmware(avr, &binary);
    data_ends = 0x100u + binary.datasize + binary.bsssize;
    return 1;
}

int main(int count, char **argument)
{
    int bootloader = count == 2 && strstr(argument[1], ".bin") != NULL;
    avr_global_logger_set(quiet);
    avr_t *avr = avr_make_mcu_by_name("atmega328p");
    avr_init(avr);
    if (count != 2 || !(bootloader ? load_bootloader : load_program)(avr, argument[1])) {
        fprintf(stderr, "simulated: needs the path of a binary, or of a bootloader's\n");
        return 2;
    }
    avr->frequency = MHZ * 1000000u;
    avr->sleep = keep_step;
    avr->vcc = avr->avcc = avr->aref = 5000;

    uint32_t flags = 0;
    avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
    flags &= (uint32_t) ~(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    open_line();
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), said, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), may_hear, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF), must_wait, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('D'), PD_SCK), clocked, avr);
    obey(avr, "load cut");
    obey(avr, "2 0");
    obey(avr, "3 0"); /* the door is shut, the case too, nobody presses */
    obey(avr, "4 1");
    obey(avr, "5 0");
    obey(avr, "a 2500");
    if (bootloader)
        wait_for_a_byte();
    for (avr_cycle_count_t looked = 0;;) {
        int state = avr_run(avr);
        watch_stack(avr);
        if (state == cpu_Done || state == cpu_Crashed) {
            fprintf(stderr, "simulated: the processor stopped (%d)\n", state);
            return 1;
        }
        if (avr->cycle - looked >= LOOK_EVERY) {
            looked = avr->cycle;
            if (seen_at != 0 && looked >= seen_at) {
                seen_at = 0;
                printf("ok\n");
                fflush(stdout);
            }
            if (!look(avr))
                return mistreated;
        }
    }
}
