import Adjoint

/// Ordinary Swift around tensors: a function with `while` and `if` on values, its gradient, and a
/// minimization with a line search. Nothing is compiled by hand, and each look at a value computes
/// only what is new.
func defineByRun() throws {
  // A gradient through a loop whose length depends on the value.
  let halvings = { @Sendable (x: Tensor<Double>) in
    var (y, count) = (x, 0)
    while try y.item() > 1 {
      y = try y.item() > 10 ? y / 2 : sqrt(y) * 0.9
      count += 1
    }
    return y * Tensor(Double(count))
  }
  let (value, slope) = try valueWithGradient(at: Tensor(100), of: halvings)
  print("after a loop", try value.item().fixed(6), " slope", try slope.item().fixed(6))

  // Rosenbrock's valley (1960), whose minimum is at (1, 1).
  let valley = { @Sendable (p: Tensor<Double>) in
    square(1 - p[0]) + 100 * square(p[1] - square(p[0]))
  }
  var (p, rounds, trials): (Tensor<Double>, Int, Int) = ([-1.2, 1], 0, 0)
  while rounds < 100 {
    let (height, slope) = try valueWithGradient(at: p, of: valley)
    if try slope.norm().item() < 1e-10 { break }
    let direction = -solve(try hessian(at: p, of: valley), slope)
    let descent = try dot(slope, direction).item()
    var length = 1.0
    while try valley(p + length * direction).item() > height.item() + 1e-4 * length * descent {
      length /= 2
      trials += 1
    }
    p = p + length * direction
    rounds += 1
  }
  print("minimum at", try p.fixed(6), "after \(rounds) steps of Newton's method")
  print("which were halved \(trials) times")
}
