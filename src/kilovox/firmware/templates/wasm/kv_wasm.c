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

/* Whether the model finds words, which end when a pause has followed them; or listens, and tells of them while they end. */
uint32_t kv_wasm_finds_words(void)
{
    return KV_WORDS || KV_LISTENS;
}

/* Words decided on since kv_reset or kv_next, or that wait for kv_wasm_next; 0 of a model that finds none. */
uint32_t kv_wasm_words(const kv_recogniser *r)
{
#if KV_WORDS || KV_LISTENS
    return r->words;
#else
    (void)r;
    return 0;
#endif
}

/* A word that kv_wasm_words counts, taken from there: the loudest, and the others forgotten; of a model that listens the oldest.
 * Fills in label, confidence and outcome of *decision. */
void kv_wasm_next(kv_recogniser *r, kv_decision *decision)
{
#if KV_LISTENS
    kv_detection word;
    if (kv_detected(r, &word)) {
        decision->label = word.label;
        decision->confidence = word.confidence;
        decision->outcome = word.outcome;
    }
#else
    kv_result(r, decision);
    kv_next(r);
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
