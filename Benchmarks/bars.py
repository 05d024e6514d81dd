"""What Adjoint is to reach, as ratios in one run, and whether a run reached it."""

# Program or product: (contestants that must have taken part, the ratio of the best of them).
# The first line whose contestants all took part counts.
RATIOS = {
    "1024x1024x1024": [(["jax"], 0.97)],
    "256x256x256": [(["jax"], 1.3)],
    "64x64x64": [(["jax", "torch"], 2.2), (["jax"], 2.2)],
    "127x513x255": [(["jax"], 1.0)],
    "1000x10x784": [(["jax"], 1.0)],
    "8x4096x4096": [(["jax"], 1.0)],
    "4096x8x64": [(["jax"], 1.0)],
    "mlp": [(["jax"], 1.1)],
    "mlp_small": [(["jax"], 4)],
    "blackscholes": [(["torch.compile"], 1.5), (["jax"], 10)],
    "layernorm": [(["torch.compile"], 1.5), (["jax"], 9)],
    "nbody": [(["jax"], 60)],
    "gmm": [(["jax"], 3)],
    "rosenbrock": [(["jax"], 8)],
}

# Program: microseconds of value and gradient.
MICROSECONDS = {"scalar2000": 25}
# What is called from Swift: nanoseconds.
CALL_NANOSECONDS = {
    "gradient of sin(x)·x, result kept": 100,
    "20 scalars in, 20 out": 300,
    "a chain of 100000 operations, traced": 300,
}
# Program: bytes of temporaries.
ARENA_BYTES = {"nbody": 1_000_000}
# Program: value and gradient over value.
OVER_VALUE = {"blackscholes": 2.5, "nbody": 2.5, "mlp": 3.1}
# Program: time on one thread over time on two.
SPEED_UP = {"1024x1024x1024": 1.7, "mlp": 1.7, "nbody": 1.7}


def line(name, what, value, bar, at_least):
    """Prints one bar."""
    reached = value >= bar if at_least else value <= bar
    word = "at least" if at_least else "at most"
    print(f"{'ok  ' if reached else 'MISS'}  {name:36}{what:28}{value:10.2f}  {word} {bar:g}")


def check_bars(rows, variants, call_times):
    """Prints each bar that the run measured."""
    print("\nbars")
    for name, choices in RATIOS.items():
        row = rows.get(name, {})
        for peers, bar in choices:
            if all(peer in row for peer in peers):
                ratio = min(row[peer] for peer in peers) / row["adjoint"]
                line(name, "times " + " and ".join(peers), ratio, bar, True)
                break
    for name, bar in MICROSECONDS.items():
        if name in rows:
            line(name, "µs", rows[name]["adjoint"], bar, False)
    for name, bar in CALL_NANOSECONDS.items():
        if name in call_times:
            line(name, "ns per call from Swift", call_times[name], bar, False)
    for name, bar in ARENA_BYTES.items():
        if name in rows:
            line(name, "MB of temporaries", rows[name]["arena_bytes"] / 1e6, bar / 1e6, False)
    for name, bar in OVER_VALUE.items():
        if "over_value" in variants.get(name, {}):
            line(name, "gradient over value", variants[name]["over_value"], bar, False)
    for name, bar in SPEED_UP.items():
        if name in variants:
            line(name, "speed-up by threads", variants[name]["speed_up"], bar, True)
