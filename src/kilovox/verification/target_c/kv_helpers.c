/* What a compiler may call of its own accord, where nothing brings it: linked only where it is called. No part of a device's
 * program, whose C library and compiler bring the same. */
#include <stddef.h>
#include <stdint.h>

#define KV_HELPER(name) __attribute__((weak, section(".helpers." #name)))

extern void *memcpy(void *to, const void *from, size_t count);
extern void *memmove(void *to, const void *from, size_t count);
extern void *memset(void *to, int value, size_t count);
extern uint32_t __mulsi3(uint32_t a, uint32_t b);

KV_HELPER(memcpy) void *memcpy(void *to, const void *from, size_t count)
{
    volatile char *left = to; /* volatile: or this becomes a call of itself */
    const char *right = from;
    while (count--)
        *left++ = *right++;
    return to;
}

KV_HELPER(memmove) void *memmove(void *to, const void *from, size_t count)
{
    volatile char *left = to;
    const char *right = from;
    if (left < right)
        while (count--)
            *left++ = *right++;
    else
        while (count--)
            left[count] = right[count];
    return to;
}

KV_HELPER(memset) void *memset(void *to, int value, size_t count)
{
    volatile char *left = to;
    while (count--)
        *left++ = (char)value;
    return to;
}

/* One bit of b at a time, as libgcc does it. */
KV_HELPER(mulsi3) uint32_t __mulsi3(uint32_t a, uint32_t b)
{
    uint32_t product = 0;
    for (; b; b >>= 1, a <<= 1)
        if (b & 1)
            product += a;
    return product;
}
