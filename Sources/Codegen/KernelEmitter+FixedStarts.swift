internal import LLVMBridge
internal import LoopIR

/// The part of an address that is the same in all iterations of a loop, as a place in memory.
struct FixedStart {
  /// An access, by its address without the constant part.
  struct Access: Hashable {
    var memory: Memory
    var address: IndexExpression
  }

  var start: LLVMValue
  /// What differs from iteration to iteration.
  var rest: IndexExpression
}

extension KernelEmitter {
  /// Emits an innermost loop without lanes, with what its addresses have in common in all iterations
  /// computed before it.
  ///
  ///     serial j in 0..<n { y[i*10000+p[i*n+j]] += x[i*n+j] }
  ///
  /// moves on in `p + i*n` and `x + i*n`, and writes behind `y + i*10000`: where stores have conditions,
  /// each has a basic block of its own, in which code generation would compute these products again.
  func withFixedStarts(in loop: Loop, _ emit: () -> Void) {
    let outside = fixedStarts
    fixedStarts = lanes == nil ? self.fixedStarts(of: loop) : [:]
    emit()
    fixedStarts = outside
  }

  /// What is worth being computed before a loop; none where it holds loops or is short.
  private func fixedStarts(of loop: Loop) -> [FixedStart.Access: FixedStart] {
    var varying: Set<ScalarID> = Set(loop.carries.map(\.current))
    for node in loop.body {
      switch node {
      case .define(let scalar, _): varying.insert(scalar)
      case .store, .accumulate: break
      case .loop, .contract: return [:]
      }
    }
    guard count(of: loop) >= EmissionCosts.Lanes.leastFixedUses else { return [:] }
    var places: [FixedStart.Access: LLVMValue] = [:]
    var starts: [FixedStart.Access: FixedStart] = [:]
    for node in loop.body {
      guard let access = node.access, let element = node.accessedScalar.map(element(of:)) else {
        continue
      }
      let (fixed, rest) = parts(of: access.address, in: loop, varying)
      var key = FixedStart.Access(memory: access.memory, address: access.address)
      key.address.constant = 0
      guard !fixed.terms.isEmpty, starts[key] == nil else { continue }
      let place = FixedStart.Access(memory: access.memory, address: fixed)
      if places[place] == nil {
        guard places.count < EmissionCosts.Lanes.mostFixedStarts else { continue }
        places[place] = builder.gep(memoryType(element), base(access.memory), index(fixed))
      }
      starts[key] = places[place].map { FixedStart(start: $0, rest: rest) }
    }
    return starts
  }

  /// The terms of an address that are the same in all iterations of a loop, and the others, without the
  /// constant.
  private func parts(
    of address: IndexExpression, in loop: Loop, _ varying: Set<ScalarID>
  ) -> (fixed: IndexExpression, rest: IndexExpression) {
    var (fixed, rest) = (IndexExpression(0), IndexExpression(0))
    for term in address.terms {
      let atom = IndexExpression(term.atom)
      var varies = atom.uses(loop.variable)
      atom.forEachScalar { varies = varies || varying.contains($0) }
      if varies { rest.terms.append(term) } else { fixed.terms.append(term) }
    }
    return (fixed, rest)
  }
}

extension Node {
  /// The scalar that the node itself loads or stores.
  fileprivate var accessedScalar: ScalarID? {
    switch self {
    case .define(let scalar, .load): scalar
    case .store(let store): store.value
    case .define, .accumulate, .loop, .contract: nil
    }
  }
}
