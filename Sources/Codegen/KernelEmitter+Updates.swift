internal import LLVMBridge
internal import LoopIR
internal import TensorIR

// Loops that update memory at places read from other memory, one update after the other: half of what a
// processor does there would be to count and to test.

extension KernelEmitter {
  /// How many updates stand between two tests whether a loop ends.
  private static let updatesTogether = 4
  /// The most operations of one update, so that code stays small.
  private static let operationsOfOneUpdate = 12

  /// Whether a serial loop is a few operations that end in writing to computed places.
  func isShortScatter(_ loop: Loop) -> Bool {
    let extent = kernel.variables[loop.variable.index].extent
    guard lanes == nil, !callsFunctions, loop.carries.isEmpty, loop.accumulators.isEmpty,
      extent >= 4 * Self.updatesTogether, loop.body.count <= Self.operationsOfOneUpdate
    else { return false }
    var writesAnywhere = false
    for node in loop.body {
      switch node {
      case .define: break
      case .store(let store): writesAnywhere = writesAnywhere || store.address.isLookedUp
      case .accumulate, .loop, .contract: return false
      }
    }
    return writesAnywhere
  }

  /// Emits such a loop some updates at a time, each behind the one before, and what is left one by
  /// one.
  func emitUpdates(_ loop: Loop) {
    let (first, end) = range(of: loop)
    let count = builder.sub(end, first)
    let rest = builder.srem(count, builder.int(Self.updatesTogether, module.i64))
    let whole = builder.sub(end, rest)
    updatesVariable = loop.variable
    counted(from: first, to: whole, step: Self.updatesTogether, updating: loop.body) { index in
      for place in 0..<Self.updatesTogether {
        variables[loop.variable] = builder.add(index, builder.int(place, module.i64))
        emitSerial(loop.body)
      }
    }
    counted(from: whole, to: end, step: 1, updating: loop.body) { index in
      variables[loop.variable] = index
      emitSerial(loop.body)
    }
    updatesVariable = nil
  }
}
