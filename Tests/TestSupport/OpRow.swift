import TensorIR

/// An entry of the op test table: a form of an op, where it is defined, and what to expect of it.
///
/// Tests of every layer are driven from these rows: text round trips, JIT against interpreter,
/// derivatives against finite differences, special values.
package struct OpRow: Sendable, CustomStringConvertible {
  /// A name no other row has, such as `dot TN`.
  package let name: String
  /// The element types the row runs with.
  package let elements: [ElementType]
  /// The shapes and attributes the row runs with.
  package let variants: [OpVariant]
  /// Where each parameter's elements come from, by position; the last one serves all further
  /// parameters. Values avoid kinks and stay inside the op's domain.
  package let values: [ArgumentValues]
  /// What the derivative is.
  package let derivative: Derivative
  /// How far a compiled result may be from the interpreter's, for the row's own arguments; with
  /// special ones, sums taken in another order or width may also overflow elsewhere.
  package let tolerance: Tolerance

  package init(
    _ name: String, _ elements: [ElementType], values: [ArgumentValues], derivative: Derivative,
    tolerance: Tolerance = .exact, variants: [OpVariant]
  ) {
    self.name = name
    self.elements = elements
    self.values = values
    self.derivative = derivative
    self.tolerance = tolerance
    self.variants = variants
  }

  package var description: String { name }

  /// Whether derivatives with respect to the float parameters of elements `element` exist and agree
  /// with finite differences at the row's values.
  package func isDifferentiable(_ element: ElementType) -> Bool {
    element.isInexact && derivative.order != 0
  }

  /// A function named `main` whose one result comes from the row's op applied to its parameters.
  package func function(element: ElementType, shapeVariant: Int) throws -> Function {
    let variant = variants[shapeVariant]
    var builder = FunctionBuilder(name: "main")
    let parameters = variant.parameters.map {
      builder.parameter(TensorType($0.shape, $0.element ?? element))
    }
    let result = try variant.body(&builder, parameters, element)
    return builder.finish(returning: [result])
  }

  /// Arguments for a function of this row, the same ones for the same seed.
  package func arguments(for function: Function, seed: UInt64) -> [Literal] {
    var random = SplitMix64(seed: seed)
    return function.parameterTypes.enumerated().map { position, type in
      values[min(position, values.count - 1)].literal(type, using: &random)
    }
  }

  /// Arguments made of special values: NaN, infinities, zeros of both signs, subnormal, huge and
  /// tiny numbers, and the ends of the integers' range.
  package func specialArguments(for function: Function, seed: UInt64) -> [Literal] {
    function.parameterTypes.enumerated().map { position, type in
      SpecialValues.literal(type, position: position, offset: Int(seed % 1000))
    }
  }

  /// The row with every element type and shape variant; of types that differ from others in their
  /// arithmetic alone, every third variant and the last, or the first and the last.
  package var cases: [OpCase] {
    elements.flatMap { element in
      let isUsual = element == .i1 || ElementType.numbers.contains(element)
      let step = ElementType.rareIntegers.contains(element) ? variants.count : isUsual ? 1 : 3
      return variants.indices.filter { $0 % step == 0 || $0 == variants.count - 1 }.map {
        OpCase(row: self, element: element, shapeVariant: $0)
      }
    }
  }
}

/// A row with one element type and one shape variant.
package struct OpCase: Sendable, CustomStringConvertible {
  package let row: OpRow
  package let element: ElementType
  package let shapeVariant: Int

  package var description: String {
    "\(row.name) \(element.rawValue) \(row.variants[shapeVariant].name)"
  }

  /// A function named `main` that applies the op.
  package func function() throws -> Function {
    try row.function(element: element, shapeVariant: shapeVariant)
  }

  /// Whether derivatives exist and agree with finite differences at the row's values.
  package var isDifferentiable: Bool { row.isDifferentiable(element) }
}

/// The parameters of one function of a row, and how its result is built from them.
package struct OpVariant: Sendable {
  /// A parameter: its shape and, where it is not the row's, its element type.
  package struct Parameter: Sendable {
    package let shape: [Int]
    package let element: ElementType?

    package init(_ shape: [Int], _ element: ElementType? = nil) {
      self.shape = shape
      self.element = element
    }
  }

  /// What builds the result from the parameters.
  package typealias Body = @Sendable (inout FunctionBuilder, [ValueID]) throws -> ValueID

  /// What tells the variant from the row's others.
  package let name: String
  package let parameters: [Parameter]
  /// Builds the result from the parameters and the row's element type.
  let body: @Sendable (inout FunctionBuilder, [ValueID], ElementType) throws -> ValueID

  package init(_ name: String, _ parameters: [Parameter], body: @escaping Body) {
    self.name = name
    self.parameters = parameters
    self.body = { builder, parameters, _ in try body(&builder, parameters) }
  }

  /// The variant without parameters whose result is an op of the row's element type.
  package init(_ name: String, op: @escaping @Sendable (ElementType) -> Op) {
    self.name = name
    parameters = []
    body = { builder, _, element in try builder.emit(op(element), []) }
  }

  /// The variant that applies one op to parameters of the row's element type.
  package init(_ op: Op, _ shapes: [Int]..., name: String? = nil) {
    self.init(op, shapes: shapes, name: name)
  }

  /// The variant that applies one op to parameters of the row's element type.
  package init(_ op: Op, shapes: [[Int]], name: String? = nil) {
    let spelled = shapes.map { "\($0)" }.joined(separator: " ")
    self.init(name ?? spelled, shapes.map { Parameter($0) }) { try $0.emit(op, $1) }
  }
}

/// What the derivative of a row's op is.
package enum Derivative: Hashable, Sendable {
  /// Derivatives up to `order` agree with finite differences at the row's values.
  case smooth(order: Int = 2)
  /// The derivative is zero wherever it exists.
  case zero
  /// There is none, for the reason given.
  case none(String)

  /// The highest order that finite differences can check; zero where there is no derivative.
  package var order: Int {
    switch self {
    case .smooth(let order): order
    case .zero: 1
    case .none: 0
    }
  }
}

/// How far a compiled result may be from the interpreter's: close enough by either measure.
package struct Tolerance: Hashable, Sendable {
  /// Units in the last place of the expected element.
  package var ulps: Double
  /// Multiples of the element type's epsilon, as an absolute distance.
  package var epsilons: Double

  /// The same bits, except that any NaN equals any NaN.
  package static let exact = Tolerance(ulps: 0, epsilons: 0)

  /// A distance in units in the last place.
  package static func ulps(_ count: Double) -> Tolerance { Tolerance(ulps: count, epsilons: 0) }

  /// For sums of up to some dozens of terms of size up to ten, in any order.
  package static let sum = Tolerance(ulps: 8, epsilons: 256)

  package init(ulps: Double, epsilons: Double) {
    self.ulps = ulps
    self.epsilons = epsilons
  }
}
