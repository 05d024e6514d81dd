/// What can be handed to a compiled function in place of a tree: the tree itself, or a number in place
/// of a scalar tensor.
public protocol TensorArgument: Sendable {
  /// The tree that the function takes.
  associatedtype Argument: TensorTree

  /// The value as that tree.
  var tensorArgument: Argument { get }
}

extension TensorTree {
  /// The tree itself.
  public var tensorArgument: Self { self }
}

extension TensorArgument where Self: TensorScalar {
  /// A scalar tensor of the number.
  public var tensorArgument: Tensor<Self> { Tensor(self) }
}

extension Bool: TensorArgument {}
extension Int: TensorArgument {}
extension Int8: TensorArgument {}
extension Int16: TensorArgument {}
extension Int32: TensorArgument {}
extension Int64: TensorArgument {}
extension UInt8: TensorArgument {}
extension UInt16: TensorArgument {}
extension UInt32: TensorArgument {}
extension UInt64: TensorArgument {}
extension BFloat16: TensorArgument {}
extension Float: TensorArgument {}
extension Double: TensorArgument {}
#if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
  extension Float16: TensorArgument {}
#endif

extension Tensor: TensorArgument {}
extension Array: TensorArgument where Element: TensorTree {}
extension Optional: TensorArgument where Wrapped: TensorTree {}
extension Dictionary: TensorArgument where Key: TensorTreeKey, Value: TensorTree {}
