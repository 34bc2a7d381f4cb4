"""What the gateware of a network that listens is made of besides: its blocks of convolutions, and their memory."""

from itertools import accumulate

from kilovox.errors import KilovoxError
from kilovox.firmware.layout import Block, Parts, blocks_of

FIELD_BITS = 16
"""Of a number that every block has."""


def listening_sizes(parts: Parts) -> dict[str, int]:
    """Constants of kilovox_model.vh by name; of a network that does not listen none. Raises KilovoxError for one too large."""
    if parts.convolutions is None:
        return {}
    memory = _places(parts)[-1]
    if memory > 1 << FIELD_BITS:
        name = parts.model.metadata.name
        raise KilovoxError(f"model {name}: convolutions that keep {memory:,} bytes; Verilog keeps at most {1 << FIELD_BITS:,}")
    return {"LISTENS": 1, "PAST_MEMORY": memory, "FRAME_AT": _frame_at(parts)}


def block_sizes(parts: Parts) -> dict[str, tuple[int, ...]]:
    """Those that have a number for each block, the first block's first."""
    fields = [_fields(block, place) for block, place in zip(blocks_of(parts), _places(parts), strict=False)]
    return {f"BLOCK_{name}": tuple(field[name] for field in fields) for name in (fields[0] if fields else ())}


def _frame_at(parts: Parts) -> int:
    """Where the projection's frame is: behind what a depthwise layer says of one band."""
    return max((block.channels for block in blocks_of(parts)[1:]), default=0)


def _places(parts: Parts) -> list[int]:
    """Where the blocks' rings begin, and where the last one ends."""
    projected = 0 if parts.convolutions is None else parts.convolutions.projection.weights.shape[1]
    return list(accumulate((block.ring for block in blocks_of(parts)), initial=_frame_at(parts) + projected))


def _fields(block: Block, place: int) -> dict[str, int]:
    """What kv_convolutions.v knows of a block, by the name that it has there."""
    kernel, channels = block.kernel, block.channels
    beside = kernel.bands // 2
    last = (block.heard_bands - 1) // kernel.band_stride * kernel.band_stride
    # Bands of one channel lie so far apart; the full convolution, of one channel, does not go on with its rows.
    across = (kernel.bands - 1) * channels
    return {
        "RING": place,
        "HEARD": block.frame,
        "FRAMES": kernel.frames,
        "BANDS": kernel.bands,
        "HEARD_BANDS": block.heard_bands,
        "CHANNELS": channels,
        "ROWS": len(block.rows.weights),
        "FRAME_STRIDE": kernel.frame_stride,
        "BAND_STRIDE": kernel.band_stride,
        "TAPS": kernel.frames * kernel.bands,
        "FIRST_BAND": -beside,
        "LAST_BAND": last - beside,
        "BEGIN": -beside * channels,
        "ONWARD": (kernel.band_stride - kernel.depthwise) * channels,
        "NEXT_FRAME": block.frame - across,
        "WRAP": block.frame - across - block.ring,
    }
