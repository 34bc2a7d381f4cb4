"""Modules of the gateware alone, in cocotb: run within a simulator by ../test_modules.py, a test for each top module."""

import os
import random

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, Timer

from kilovox.frontend.pdm import CIC_FACTOR, FIR_FACTOR, FIR_FIRST, FIR_SHIFT, FIR_TAPS, _filtered_bits
from kilovox.integer.activation import sigmoid, tanh, tanh_table


async def begin(dut, cycles, **inputs):
    """A clock, and `cycles` of reset. Inputs change at falling edges."""
    dut.reset.value = 1
    for name, value in inputs.items():
        getattr(dut, name).value = value
    await Timer(1, "ns")
    cocotb.start_soon(Clock(dut.clk, 10, unit="ns").start())
    await ClockCycles(dut.clk, cycles + 1)
    await FallingEdge(dut.clk)
    dut.reset.value = 0
    return random.Random(7)


async def multiplier(dut, some):
    """Answers the module's products, after some cycles or other."""
    while True:
        await RisingEdge(dut.clk)
        if dut.mul_start.value:
            product = dut.mul_a.value.to_signed() * dut.mul_b.value.to_signed()
            dut.mul_busy.value = 1
            await ClockCycles(dut.clk, some.randint(1, 20))
            await FallingEdge(dut.clk)
            dut.mul_product.value = product
            dut.mul_busy.value = 0


@cocotb.test()
async def kv_multiply(dut):
    """Products of the largest, the smallest and any others, BITS cycles after the start."""
    some = await begin(dut, 2, start=0, a=0, b=0)
    edges = (-65536, -65535, -1, 0, 1, 65535)
    pairs = [(a, b) for a in edges for b in edges]
    for a, b in [*pairs, *((some.randint(-65536, 65535), some.randint(-65536, 65535)) for _ in range(20))]:
        dut.start.value, dut.a.value, dut.b.value = 1, a, b
        await FallingEdge(dut.clk)
        dut.start.value, dut.a.value = 0, 0
        cycles = 0
        while dut.busy.value:
            await FallingEdge(dut.clk)
            cycles += 1
        assert (dut.product.value.to_signed(), cycles) == (a * b, 17)


@cocotb.test()
async def kv_activation(dut):
    """tanh and sigmoid of the NumPy engine."""
    some = await begin(dut, 2, start=0, sigmoid=0, z=0, mul_busy=0, mul_product=0)
    cocotb.start_soon(multiplier(dut, some))
    for z in [-32768, -32767, -1, 0, 1, 32767, *(some.randint(-32768, 32767) for _ in range(30))]:
        for of_sigmoid in (0, 1):
            dut.start.value, dut.sigmoid.value, dut.z.value = 1, of_sigmoid, z
            await FallingEdge(dut.clk)
            dut.start.value = 0
            while dut.busy.value:
                await FallingEdge(dut.clk)
            wanted = (sigmoid if of_sigmoid else tanh)(tanh_table(), np.array([z], np.int16))
            assert dut.value.value.to_signed() == int(wanted[0]), (z, of_sigmoid)


@cocotb.test()
async def kv_quantise(dut):
    """Saturated, and rounded half up."""
    some = await begin(dut, 2, start=0, x=0, offset=0, multiplier=0, mul_busy=0, mul_product=0)
    cocotb.start_soon(multiplier(dut, some))
    for _ in range(30):
        x, offset = (some.randint(-32768, 32767) for _ in range(2))
        multiplier_, shift = some.randint(0, 16383), 17
        dut.start.value, dut.x.value, dut.offset.value, dut.multiplier.value = 1, x, offset, multiplier_
        await FallingEdge(dut.clk)
        dut.start.value = 0
        while dut.busy.value:
            await FallingEdge(dut.clk)
        rounded = ((x - offset) * multiplier_ + (1 << (shift - 1))) >> shift
        assert dut.value.value.to_signed() == max(-128, min(127, rounded))


@cocotb.test()
async def kv_cic(dut):
    """Bits as close as they may be, and further apart: values of the NumPy reference."""
    some = await begin(dut, 8, in_valid=0, in_bit=0)
    bits = [int(some.random() < 0.7) for _ in range(60 * CIC_FACTOR // 2)] + [1] * (5 * CIC_FACTOR)
    found = []

    async def look():
        while True:
            await FallingEdge(dut.clk)
            if dut.out_valid.value:
                found.append(dut.out.value.to_unsigned())

    cocotb.start_soon(look())
    for bit in bits:
        dut.in_valid.value, dut.in_bit.value = 1, bit
        await FallingEdge(dut.clk)
        dut.in_valid.value = 0
        await ClockCycles(dut.clk, 7 + some.randint(0, 1) * some.randint(0, 5))
        await FallingEdge(dut.clk)
    await ClockCycles(dut.clk, 10)
    assert found == _filtered_bits(np.array(bits, np.int64)).tolist()
    assert found[-1] == CIC_FACTOR**3


@cocotb.test()
async def kv_fir(dut):
    """The sums of products that the additions stand for, at full scale and else."""
    some = await begin(dut, 128, in_valid=0, in_sample=0)
    values = [some.randint(0, 27000) for _ in range(20)] + [27000] * 65 + [13500] * 30
    found = []

    async def look():
        while True:
            await RisingEdge(dut.out_valid)
            await FallingEdge(dut.clk)
            found.append(dut.out.value.to_signed())

    cocotb.start_soon(look())
    for value in values:
        dut.in_valid.value, dut.in_sample.value = 1, value
        await FallingEdge(dut.clk)
        dut.in_valid.value = 0
        await ClockCycles(dut.clk, int(os.environ["KV_FIR_WORDS"]) + 3)
        await FallingEdge(dut.clk)
    taps = np.array([*FIR_TAPS[:0:-1], *FIR_TAPS])
    sums = np.convolve(values, taps)[FIR_FACTOR - 1 : len(values) : FIR_FACTOR]
    assert found == np.clip((sums + FIR_FIRST * 2**11) >> FIR_SHIFT, -32768, 32767).tolist()
    assert max(found) == 32767
