internal import CLLVM

/// Operations without effect whose results are the same whenever their operands are.
enum PureOperation: Hashable {
  case add, addNoWrap, sub, mul, sdiv, udiv, srem, urem, and, or, xor, shl, lshr, ashr
  case smin, smax, umin, umax
  case sext, zext, trunc, address, splat
  case compare(IntegerPredicate)
}

/// The results of the pure operations of one block, each of which it needs once only.
///
/// Addresses are most of the code of a kernel, and most addresses of a block have their beginnings in
/// common: what is found here is not emitted, and LLVM need not find out that it is the same.
struct Computations {
  /// An operation and its operands.
  struct Key: Hashable {
    let operation: PureOperation
    let first: OpaquePointer
    let second: OpaquePointer
    let third: OpaquePointer?
  }

  /// The block.
  private var block: OpaquePointer?
  private var results: [Key: OpaquePointer] = [:]

  /// The result of an operation in a block; another block has none yet.
  mutating func result(of key: Key, in block: OpaquePointer?) -> OpaquePointer? {
    if block != self.block {
      self.block = block
      results.removeAll(keepingCapacity: true)
    }
    return results[key]
  }

  /// Notes the result of an operation in the block asked about last.
  mutating func note(_ result: OpaquePointer, of key: Key) { results[key] = result }
}

extension IRBuilder {
  /// The result of a pure operation, which is emitted unless the block has it.
  ///
  /// Blocks are only ever appended to, so that what is in the block comes before what is to come.
  func once(
    _ operation: PureOperation, _ first: OpaquePointer, _ second: OpaquePointer,
    _ third: OpaquePointer? = nil, _ build: () -> OpaquePointer?
  ) -> LLVMValue {
    let key = Computations.Key(
      operation: operation, first: first, second: second, third: third)
    if let known = computations.result(of: key, in: LLVMGetInsertBlock(ref)) {
      return LLVMValue(known)
    }
    let made = LLVMValue(build())
    computations.note(made.ref, of: key)
    return made
  }
}
