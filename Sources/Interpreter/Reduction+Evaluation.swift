import TensorIR

extension Reduction {
  /// The operand's elements combined along the reduced axes.
  ///
  /// Elements are taken in row-major order after the initial value. StableHLO leaves the order open;
  /// to be the more accurate side of a comparison, f32 sums are accumulated in double precision and
  /// rounded once. Other kinds are rounded after every step.
  func evaluated(_ operand: Literal, _ initial: Literal, _ type: TensorType) -> Literal {
    let (shape, strides) = (operand.type.shape, operand.type.strides)
    let reduced = dimensions.sorted()
    let starts = offsets(of: type.shape, strides: strides.removing(reduced))
    let places = offsets(of: shape.selecting(reduced), strides: strides.selecting(reduced))
    switch (operand.exactElements, initial.exactElements) {
    case (.doubles(let values), .doubles(let first)):
      let roundsSteps = kind != .add && type.element == .f32
      let combine = kind.binary
      return Literal(
        type,
        rounding: starts.map { start in
          places.reduce(first[0]) { total, place in
            let next = combine.applied(total, values[start + place])
            return roundsSteps ? Double(Float(next)) : next
          }
        })
    case (.integers(let values), .integers(let first)):
      let (combine, isBoolean) = (kind.binary, type.element == .i1)
      return Literal(
        type,
        wrapping: starts.map { start in
          places.reduce(first[0]) { total, place in
            let value = values[start + place]
            return isBoolean
              ? combine.appliedToBooleans(total, value) : combine.applied(total, value)
          }
        })
    case (.doubles, .integers), (.integers, .doubles):
      preconditionFailure("operand and initial value have one element type")
    }
  }
}
