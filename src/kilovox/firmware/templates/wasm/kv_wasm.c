/* What JavaScript needs besides kv_reset, kv_push, kv_finish and kv_result: how much memory to set aside, and the labels.
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

uint32_t kv_wasm_sample_rate(void)
{
    return KV_SAMPLE_RATE;
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
