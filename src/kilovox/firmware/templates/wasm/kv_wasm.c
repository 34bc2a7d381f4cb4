/* What JavaScript needs besides the functions of kilovox.h: how much memory to set aside, the labels, and the fields of what lies there.
 * The page owns the memory, from __heap_base on, as a C program would. */
#include "kilovox.h"

uint32_t kv_wasm_recogniser_bytes(void)
{
    return (uint32_t)sizeof(kv_recogniser);
}

uint32_t kv_wasm_decision_bytes(void)
{
    return (uint32_t)sizeof(kv_decision);
}

/* Of the sound that kv_push takes, samples a second. */
uint32_t kv_wasm_sample_rate(void)
{
#ifdef KV_INPUT_RATE
    return KV_INPUT_RATE;
#else
    return KV_SAMPLE_RATE;
#endif
}

uint32_t kv_wasm_labels(void)
{
    return KV_LABELS;
}

/* UTF-8, ended by 0. */
const char *kv_wasm_label(uint32_t index)
{
    return kv_labels[index];
}

/* Whether the model finds words, which end when a pause has followed them. */
uint32_t kv_wasm_finds_words(void)
{
    return KV_WORDS;
}

/* Words decided on since kv_reset or kv_next; 0 of a model that finds none. */
uint32_t kv_wasm_words(const kv_recogniser *r)
{
#if KV_WORDS
    return r->words;
#else
    (void)r;
    return 0;
#endif
}

uint32_t kv_wasm_decided_label(const kv_decision *decision)
{
    return decision->label;
}

uint32_t kv_wasm_decided_confidence(const kv_decision *decision)
{
    return decision->confidence;
}

/* KV_NOTHING, KV_UNKNOWN or KV_LABEL. */
uint32_t kv_wasm_decided_outcome(const kv_decision *decision)
{
    return decision->outcome;
}
