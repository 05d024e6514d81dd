import Batching
import TensorIR

/// Computes all iterations of a scan without carries at once, one along a new first axis: iterations
/// that do not depend on each other are examples of a batch, which go in lanes and over threads, and
/// loops in the body run once for all of them (batch outside, time inside).
///
/// Only where all values of all iterations stay in the second-level cache, and nothing in the body costs
/// more for a batch than one after the other: no loops of unknown length, only branches of a few cheap
/// elements.
///
///     Before:  adjoint.scan(%xs) {length = 64} { ^(%i, %x): … return %y }
///     After:   … on tensor<64x…>, with %i = iota
@Sendable func batchMaps(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  guard case .scan(let scan) = op, scan.carryCount == 0, scan.length > 1,
    scan.body.mayBeBatched,
    scan.body.heldByteCount <= Scan.mostBatchedBytes / scan.length
  else { return nil }
  let count = scan.length
  var builder = FunctionBuilder(name: scan.body.name, location: scan.body.location)
  let parameters = operands.map { builder.parameter(rewriter[$0]) }
  let index = try builder.emit(.iota(TensorType([count], .i64), dimension: 0), [])
  let flags = [true] + operands.indices.map { $0 >= scan.captureCount }
  let batched = try scan.body.batched(size: count, flags)
  let results = try builder.inline(batched, [index] + parameters)
  return try rewriter.emitInlined(builder.finish(returning: results), operands)
}

extension Scan {
  /// The bytes that all values of all iterations may take.
  fileprivate static let mostBatchedBytes = 1 << 20
}

extension Function {
  /// The elements that all operations of a branch may compute for an example that does not take it.
  private static let chosenElements = 64

  /// A number of bytes, or of elements, that is too many in any case.
  private static let tooMany = 1 << 40

  /// The bytes of all values, those of regions included, as far as they are not too many.
  fileprivate var heldByteCount: Int {
    var sizes = types.map(\.byteCount)
    for operation in operations { sizes += operation.op.regions.map(\.heldByteCount) }
    return sizes.reduce(0) { min($0 + min($1, Self.tooMany), Self.tooMany) }
  }

  /// Whether each operation costs no more for a batch than for its examples one after the other.
  fileprivate var mayBeBatched: Bool {
    operations.allSatisfy { operation in
      switch operation.op {
      case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .shape,
        .reduce, .dot, .gather, .order:
        true
      case .scan(let scan): scan.body.mayBeBatched
      case .branch(let branch): branch.branches.allSatisfy { $0.isCheapToChoose }
      case .complex, .fft, .convolution, .window, .scatter, .dynamicSlice, .dynamicUpdateSlice,
        .matrix, .foreign, .optimizationBarrier, .whileLoop, .custom, .call:
        false
      }
    }
  }

  /// Whether a branch is a few elements without loops.
  private var isCheapToChoose: Bool {
    let elements = operations.flatMap(\.results).reduce(0) {
      min($0 + min(self[$1].count, Self.tooMany), Self.tooMany)
    }
    return elements <= Self.chosenElements && mayBeBatched
      && operations.allSatisfy { $0.op.regions.isEmpty }
  }
}
