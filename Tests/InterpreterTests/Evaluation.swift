import TensorIR

@testable import Interpreter

/// The one result of an op.
func evaluate(_ op: Op, _ operands: Literal...) throws -> Literal {
  try op.evaluated(operands)[0]
}

/// A float tensor.
func floats(_ shape: [Int], _ values: [Double], _ element: ElementType = .f64) -> Literal {
  Literal(TensorType(shape, element), doubles: values)
}

/// An integer or boolean tensor.
func integers(_ shape: [Int], _ values: [Int64], _ element: ElementType = .i64) -> Literal {
  Literal(TensorType(shape, element), integers: values)
}

/// Whether two lists of doubles have the same bits; any NaN is as good as another.
func sameBits(_ left: [Double], _ right: [Double]) -> Bool {
  left.count == right.count
    && zip(left, right).allSatisfy {
      $0.isNaN && $1.isNaN || $0.bitPattern == $1.bitPattern
    }
}
