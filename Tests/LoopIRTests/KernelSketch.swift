import LoopIR
import TensorIR

/// A kernel of a test under construction: tables grow as names are made.
struct KernelSketch {
  var kernel: Kernel

  init(_ name: String, slots: [Int]) {
    kernel = Kernel(name: name)
    kernel.slots = slots.map { BufferID($0) }
  }

  mutating func variable(_ name: String, _ extent: Int) -> VariableID {
    kernel.variables.append(Kernel.Variable(name: name, extent: extent))
    return VariableID(kernel.variables.count - 1)
  }

  mutating func scalar(_ element: ElementType = .f32) -> ScalarID {
    kernel.scalars.append(element)
    return ScalarID(kernel.scalars.count - 1)
  }

  mutating func define(
    _ expression: Expression, _ element: ElementType = .f32, in body: inout [Node]
  ) -> ScalarID {
    let scalar = scalar(element)
    body.append(.define(scalar, expression))
    return scalar
  }

  mutating func load(
    _ slot: Int, _ address: IndexExpression, _ element: ElementType = .f32,
    if condition: ScalarID? = nil, in body: inout [Node]
  ) -> ScalarID {
    define(.load(.slot(slot), address, condition: condition), element, in: &body)
  }

  /// A product's factor that is a load.
  mutating func factor(
    _ slot: Int, _ address: IndexExpression, _ element: ElementType = .f32
  ) -> Contract.Factor {
    var body = [Node]()
    let value = load(slot, address, element, in: &body)
    return Contract.Factor(body, value)
  }

  mutating func number(
    _ value: Double, _ element: ElementType = .f32, in body: inout [Node]
  ) -> ScalarID {
    define(.literal(Literal(TensorType([], element), doubles: [value])), element, in: &body)
  }

  mutating func binary(
    _ op: BinaryOp, _ left: ScalarID, _ right: ScalarID, in body: inout [Node]
  ) -> ScalarID {
    define(.apply(.binary(op), [left, right]), kernel.scalars[left.index], in: &body)
  }

  mutating func unary(_ op: UnaryOp, _ operand: ScalarID, in body: inout [Node]) -> ScalarID {
    define(.apply(.unary(op), [operand]), kernel.scalars[operand.index], in: &body)
  }
}

/// A loop with everything said at once.
func loop(
  _ variable: VariableID, _ schedule: Loop.Schedule = .serial, _ range: Loop.Range = .full,
  accumulators: [Accumulator], _ body: [Node]
) -> Node {
  var loop = Loop(variable)
  loop.schedule = schedule
  loop.range = range
  loop.accumulators = accumulators
  loop.body = body
  return .loop(loop)
}

/// A serial loop over all of a variable.
func loop(_ variable: VariableID, _ body: [Node]) -> Node {
  loop(variable, .serial, .full, accumulators: [], body)
}

/// A loop without accumulators.
func loop(
  _ variable: VariableID, _ schedule: Loop.Schedule, _ range: Loop.Range, _ body: [Node]
) -> Node {
  loop(variable, schedule, range, accumulators: [], body)
}

/// A loop without accumulators over all of a variable.
func loop(_ variable: VariableID, _ schedule: Loop.Schedule, _ body: [Node]) -> Node {
  loop(variable, schedule, .full, accumulators: [], body)
}

/// A tensor of floats for tests.
func floats(_ shape: [Int], _ values: [Double]) -> Literal {
  Literal(TensorType(shape, .f32), doubles: values)
}

/// The literals `start, start + step, …`.
func ramp(_ shape: [Int], from start: Double, by step: Double) -> Literal {
  let type = TensorType(shape, .f32)
  return Literal(type, doubles: (0..<type.count).map { start + step * Double($0) })
}

extension IndexExpression {
  /// The row-major address of variables along the axes of a shape.
  static func at(_ variables: [VariableID], _ shape: [Int]) -> IndexExpression {
    zip(variables, shape.rowMajorStrides).reduce(IndexExpression(0)) { sum, pair in
      sum + IndexExpression(pair.0) * pair.1
    }
  }
}
