import TensorIR

/// A small straight function made ready to be carried out operation by operation, without a compiler.
///
/// What it computes is what the interpreter computes, bit for bit: floats of 32 bits are computed in double
/// precision and rounded once, sums are accumulated in double precision in row-major order. Machine code
/// may differ from that in last bits, since it contracts products and sums and adds in another order.
package final class ImmediateProgram: Sendable {
  /// Where a value is.
  enum Place: Sendable {
    case argument(Int)
    /// At an offset in `constants`.
    case constant(Int)
    /// At an offset in the memory of a call.
    case temporary(Int)
  }

  /// An operation on places.
  struct Step: Sendable {
    let kernel: ImmediateKernel
    let operands: [Place]
    let result: Place
    let location: SourceLocation
  }

  /// What the function takes and returns.
  package let parameterTypes: [TensorType]
  package let resultTypes: [TensorType]
  /// The operations in order.
  private let steps: [Step]
  /// Where the results are, and their sizes.
  private let results: [(place: Place, byteCount: Int)]
  /// The memory that a call needs.
  private let temporaryByteCount: Int
  /// The values that do not depend on arguments.
  private let constants: ImmediateConstants

  /// About how many nanoseconds a call may take: machine code would take some microseconds less, and some
  /// milliseconds to be made.
  package static let costLimit = 1 << 15

  /// Prepares a function; nil where it is not small, not straight, or has elements of other types than
  /// floats of 32 and 64 bits, integers and booleans.
  package init?(_ function: Function) {
    guard function.isImmediate else { return nil }
    var builder = ImmediateBuilder(function)
    for operation in function.operations {
      guard builder.add(operation), builder.cost <= Self.costLimit else { return nil }
    }
    parameterTypes = function.parameterTypes
    resultTypes = function.resultTypes
    steps = builder.steps
    var results: [(place: Place, byteCount: Int)] = []
    for result in function.results {
      guard let place = builder.places[result.index] else { return nil }
      results.append((place, function[result].byteCount))
    }
    self.results = results
    temporaryByteCount = builder.temporaryByteCount
    constants = ImmediateConstants(builder.constants)
  }

  /// Carries the function out on packed row-major elements.
  ///
  /// - Requires: there are as many arguments and results as the function has, each of its type's size.
  package func call(
    arguments: UnsafePointer<UnsafeRawPointer>,
    results targets: UnsafePointer<UnsafeMutableRawPointer>
  ) throws {
    try withUnsafeTemporaryAllocation(byteCount: Swift.max(1, temporaryByteCount), alignment: 16) {
      memory in
      guard let base = memory.baseAddress else { return }
      /// The elements of a value.
      func address(_ place: Place) -> UnsafeRawPointer {
        switch place {
        case .argument(let index): arguments[index]
        case .constant(let offset): constants.address + offset
        case .temporary(let offset): UnsafeRawPointer(base) + offset
        }
      }
      for step in steps {
        guard case .temporary(let offset) = step.result else { continue }
        do {
          try withUnsafeTemporaryAllocation(
            of: UnsafeRawPointer.self, capacity: step.operands.count
          ) { addresses in
            for (index, place) in step.operands.enumerated() {
              addresses.initializeElement(at: index, to: address(place))
            }
            try step.kernel.run(UnsafeBufferPointer(addresses), base + offset)
          }
        } catch let error as AdjointError {
          throw error.placed(at: step.location)
        }
      }
      for (index, result) in results.enumerated() where result.byteCount > 0 {
        targets[index].copyMemory(from: address(result.place), byteCount: result.byteCount)
      }
    }
  }
}

/// Memory of constants.
final class ImmediateConstants: @unchecked Sendable {
  /// The first constant.
  let address: UnsafeRawPointer

  /// Copies bytes.
  init(_ bytes: [UInt8]) {
    let block = UnsafeMutableRawPointer.allocate(byteCount: bytes.count + 1, alignment: 16)
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress { block.copyMemory(from: start, byteCount: source.count) }
    }
    address = UnsafeRawPointer(block)
  }

  deinit { UnsafeMutableRawPointer(mutating: address).deallocate() }
}

extension Function {
  /// Whether types, sizes and operations are for being carried out at once.
  fileprivate var isImmediate: Bool {
    operations.count <= ImmediateProgram.costLimit
      && types.allSatisfy { type in
        type.element.isImmediate
          && type.shape.checkedCount.map { $0 <= ImmediateProgram.costLimit } == true
      } && operations.allSatisfy(\.op.isImmediate)
  }
}

extension ElementType {
  /// Whether elements are exact in what the interpreter computes with.
  var isImmediate: Bool {
    switch kind {
    case .float: self == .f32 || self == .f64
    case .signed, .unsigned, .boolean: true
    case .complex: false
    }
  }
}

extension Op {
  /// Whether the operation is one of a straight function, with one result that its operands determine.
  var isImmediate: Bool {
    switch self {
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .shape, .reduce,
      .dot, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice:
      true
    case .bits, .complex, .fft, .convolution, .window, .matrix, .order, .foreign,
      .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      false
    }
  }
}
