import TensorIR

extension Reduction {
  /// The operand's elements combined along the reduced axes.
  ///
  /// Elements are taken in row-major order after the initial value. StableHLO leaves the order open;
  /// to be the more accurate side of a comparison, sums of floats are accumulated in double precision and
  /// rounded once. Products are rounded to the type of arithmetic after every step.
  func evaluated(_ operand: Literal, _ initial: Literal, _ type: TensorType) -> Literal {
    let (shape, strides) = (operand.type.shape, operand.type.strides)
    let reduced = dimensions.sorted()
    let starts = offsets(of: type.shape, strides: strides.removing(reduced))
    let places = offsets(of: shape.selecting(reduced), strides: strides.selecting(reduced))
    switch (operand.exactElements, initial.exactElements) {
    case (.doubles(let values), .doubles(let first)):
      let roundsSteps = kind != .add && type.element != .f64
      let (combine, register) = (kind.binary, type.element.registerType)
      return Literal(
        type,
        rounding: starts.map { start in
          places.reduce(first[0]) { total, place in
            let next = combine.applied(total, values[start + place])
            return roundsSteps ? register.rounded(next) : next
          }
        })
    case (.integers(let values), .integers(let first)):
      let (combine, element) = (kind.binary, type.element)
      return Literal(
        type,
        wrapping: starts.map { start in
          places.reduce(first[0]) { total, place in
            element.wrapped(combine.applied(total, values[start + place], element))
          }
        })
    case (.complexes(let values), .complexes(let first)):
      let combine = kind.binary
      return Literal(
        type,
        rounding: starts.map { start in
          places.reduce(first[0]) { combine.applied($0, values[start + $1]) }
        })
    case (.doubles, _), (.integers, _), (.complexes, _):
      preconditionFailure("operand and initial value have one element type")
    }
  }
}
