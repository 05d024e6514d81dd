import Adjoint
import Foundation

/// The price of a European call option (Black and Scholes, 1973).
@Sendable func callPrice(
  spot: Tensor<Double>, volatility: Tensor<Double>, time: Tensor<Double>
) -> Tensor<Double> {
  let (strike, rate) = (100.0, 0.03)
  let spread = volatility * sqrt(time)
  let d1 = (log(spot / strike) + (rate + 0.5 * square(volatility)) * time) / spread
  return spot * normalProbability(d1) - strike * exp(-rate * time) * normalProbability(d1 - spread)
}

/// The probability that a standard normal variable is below x.
@Sendable func normalProbability(_ x: Tensor<Double>) -> Tensor<Double> {
  0.5 * (1 + erf(x / 2.0.squareRoot()))
}

/// Sensitivities of an option up to the third order, each a gradient of one before, beside their
/// closed forms.
func greeks() throws {
  let price = { @Sendable (s: Tensor<Double>, v: Tensor<Double>, t: Tensor<Double>) in
    callPrice(spot: s, volatility: v, time: t)
  }
  let delta = { @Sendable (s: Tensor<Double>, v: Tensor<Double>, t: Tensor<Double>) in
    try gradient(at: s) { price($0, v, t) }
  }
  let gamma = { @Sendable (s: Tensor<Double>, v: Tensor<Double>, t: Tensor<Double>) in
    try gradient(at: s) { try delta($0, v, t) }
  }
  let all = jit { (s: Tensor<Double>, v: Tensor<Double>, t: Tensor<Double>) in
    let (value, first) = try valueWithGradient(at: s, v, t) { price($0, $1, $2) }
    let second = try gradient(at: s, v, t) { try delta($0, $1, $2) }
    let third = try gradient(at: s, v, t) { try gamma($0, $1, $2) }
    return stacked([
      value, first.0, first.1, -first.2, second.0, second.1, third.0, third.1, third.2,
    ])
  }
  let (s, v, t) = (110.0, 0.25, 0.5)
  let found = try all(Tensor(s), Tensor(v), Tensor(t)).scalars()

  let names = ["price", "delta", "vega", "theta", "gamma", "vanna", "speed", "zomma", "color"]
  let exact = closedForms(s, v, t)
  for (index, name) in names.enumerated() {
    let number = found[index].fixed(8)
    print(name.padding(toLength: 6, withPad: " ", startingAt: 0), number, terminator: "")
    print(Swift.abs(found[index] - exact[index]) < 1e-10 ? "  as its closed form" : "  WRONG")
  }
}

/// The same numbers by the formulas of textbooks.
private func closedForms(_ s: Double, _ v: Double, _ t: Double) -> [Double] {
  let (k, r) = (100.0, 0.03)
  let spread = v * t.squareRoot()
  let d1 = (Foundation.log(s / k) + (r + v * v / 2) * t) / spread
  let d2 = d1 - spread
  func below(_ x: Double) -> Double { 0.5 * Foundation.erfc(-x / 2.0.squareRoot()) }
  let density = Foundation.exp(-d1 * d1 / 2) / (2 * Double.pi).squareRoot()
  let discounted = k * Foundation.exp(-r * t)
  let gamma = density / (s * spread)
  return [
    s * below(d1) - discounted * below(d2), below(d1), s * density * t.squareRoot(),
    -s * density * v / (2 * t.squareRoot()) - r * discounted * below(d2), gamma, -density * d2 / v,
    -gamma / s * (d1 / spread + 1), gamma * (d1 * d2 - 1) / v,
    -density / (2 * s * t * spread) * (1 + (2 * r * t - d2 * spread) / spread * d1),
  ]
}
