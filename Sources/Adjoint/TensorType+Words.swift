internal import TensorIR

extension TensorType {
  /// How this type and another one differ, in Swift's words: `of shape [2]`, or `of type Tensor<Float> and
  /// shape [2]` where the elements differ too.
  func words(beside other: TensorType) -> String {
    element == other.element
      ? "of shape \(shape)" : "of type Tensor<\(element.swiftName)> and shape \(shape)"
  }
}

extension ElementType {
  /// The name of the type in Swift.
  fileprivate var swiftName: String {
    switch self {
    case .i1: "Bool"
    case .i4, .i8: "Int8"
    case .i16: "Int16"
    case .i32: "Int32"
    case .i64: "Int64"
    case .u4, .u8: "UInt8"
    case .u16: "UInt16"
    case .u32: "UInt32"
    case .u64: "UInt64"
    case .f16: "Float16"
    case .bf16: "BFloat16"
    case .f32: "Float"
    case .f64: "Double"
    case .c64: "Complex<Float>"
    case .c128: "Complex<Double>"
    }
  }
}
