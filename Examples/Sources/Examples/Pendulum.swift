import Adjoint

/// A pendulum's angle and speed.
struct Swing: TensorTree {
  var angle: Tensor<Double>
  var speed: Tensor<Double>

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&angle)
    try visitor.visit(&speed)
  }

  /// The swing a moment later, by the leapfrog method.
  func moved(by dt: Double, length: Tensor<Double>, damping: Tensor<Double>) -> Swing {
    func pull(_ angle: Tensor<Double>) -> Tensor<Double> { -9.81 / length * sin(angle) }
    let middle = speed + 0.5 * dt * (pull(angle) - damping * speed)
    let angle = angle + dt * middle
    let speed = (middle + 0.5 * dt * pull(angle)) / (1 + 0.5 * dt * damping)
    return Swing(angle: angle, speed: speed)
  }
}

/// Length and damping of a pendulum from noisy measurements of its angle: a simulation is run, compared
/// and differentiated through its 400 steps.
func pendulum() throws {
  let (dt, count) = (0.01, 400)
  let simulate = { @Sendable (parameters: Tensor<Double>) in
    try scan(Swing(angle: 1.2, speed: 0), count: count) { swing, _ in
      let next = swing.moved(by: dt, length: parameters[0], damping: parameters[1])
      return (next, next.angle)
    }.1
  }

  let truth: Tensor<Double> = [0.75, 0.3]
  let noise = RandomKey(seed: 4).normal([count], of: Double.self) * 0.02
  let measured = try simulate(truth) + noise

  // The Gauss–Newton method: 400 residuals, and their Jacobian by two parameters.
  let step = jit { (parameters: Tensor<Double>) in
    let residuals = { @Sendable (p: Tensor<Double>) in try simulate(p) - measured }
    let slopes = try jacobian(at: parameters, of: residuals)
    let error = try residuals(parameters)
    let move = solve(matmul(slopes.transposed(), slopes), matmul(slopes.transposed(), error))
    return (square(error).mean(), parameters - move)
  }
  var parameters: Tensor<Double> = [1, 0]
  for round in 0..<8 {
    let error: Tensor<Double>
    print("round \(round): length, damping", try parameters.fixed(4))
    (error, parameters) = try step(parameters)
    print("         root mean square of the error", try sqrt(error).item().fixed(4))
  }
}
