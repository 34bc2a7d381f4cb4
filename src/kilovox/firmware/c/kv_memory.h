/* Where tables lie, and how they are read.
 *
 * Everywhere but on AVR they are constants like any other. AVR has its flash in an address space of its own, and would copy
 * constants to RAM: there tables are marked, and read by an instruction made for it, from the first 64 KB. What cannot work is
 * refused here, while it is compiled. */
#ifndef KV_MEMORY_H
#define KV_MEMORY_H

#include "kilovox_model.h"

#if defined(__AVR__)

#include <avr/io.h>
#include <avr/pgmspace.h>

#define KV_TABLE PROGMEM
#define KV_READ8(address) ((__typeof__(*(address)))pgm_read_byte(address))
#define KV_READ16(address) ((__typeof__(*(address)))pgm_read_word(address))
#define KV_READ32(address) ((__typeof__(*(address)))pgm_read_dword(address))

/* Of the largest layer, an array; of all tables but those of the front end, about, and those with 4 KB more. */
#if KV_LISTENS
#define KV_LAYER_COLUMNS ((KV_INPUTS > KV_UNITS ? KV_INPUTS : KV_UNITS) + KV_UNITS)
#else
#define KV_LAYER_COLUMNS KV_COLUMNS
#define KV_CONVOLUTION_BYTES 0
#define KV_LARGEST_CONVOLUTION 0
#endif
#define KV_LAYER_BYTES (4L * KV_UNITS * (KV_POW2 ? (KV_LAYER_COLUMNS + 1) / 2 : KV_LAYER_COLUMNS))
#define KV_TABLES_BYTES (KV_LAYERS * (KV_LAYER_BYTES + 20L * KV_UNITS) + KV_LABELS * (KV_UNITS + 4L) + 4096L + KV_CONVOLUTION_BYTES)
#if KV_LAYER_BYTES > 32767 || KV_LARGEST_CONVOLUTION > 32767
#error "AVR: the weights of a layer take more than 32,767 bytes, the most that an array there may; take a smaller model"
#endif
#if KV_TABLES_BYTES > 65535 || KV_TABLES_BYTES > FLASHEND
#error "AVR: the tables of this model do not fit into the first 64 KB of the flash of this chip; take a smaller model"
#endif

#else

#define KV_TABLE
#define KV_READ8(address) (*(address))
#define KV_READ16(address) (*(address))
#define KV_READ32(address) (*(address))

#endif

#endif
