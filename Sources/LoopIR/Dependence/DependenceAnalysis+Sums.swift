extension DependenceAnalysis {
  // MARK: Questions about sums in memory

  /// Whether the elements of a memory that a loop combines into may be accumulators of the loop (scalar
  /// replacement): all that touches the memory are statements of the loop's body itself that combine
  /// into elements which are the same for all iterations, all in one way.
  ///
  /// - Parameter body: the loop's body, of which loops inside may have been written out.
  package func mayBeAccumulators(_ memory: Memory, in body: [Node], of loop: Loop) -> Permission {
    guard loop.range == .full else { return .refused(.shape) }
    let own = body.compactMap(\.access).filter { $0.memory == memory }
    guard let kind = own.first?.combining,
      own.allSatisfy({ access in
        access.combining == kind && access.condition == nil && !access.address.isLookedUp
          && !access.address.uses(loop.variable)
      }), own.count == body.accesses.count(where: { $0.memory == memory })
    else { return .refused(.meeting(memory)) }
    return .granted
  }

  /// Whether what statements combine into a memory may be stored there, all at once: each combines into
  /// an element of its own, at a known place, together these are all elements, and nothing else in the
  /// kernel touches the memory.
  ///
  /// - Parameters:
  ///   - body: the statements, some of a loop's body.
  ///   - loop: the loop as it stands in the kernel.
  package func mayBeStored(_ memory: Memory, in body: [Node], of loop: Loop) -> Permission {
    func count(_ nodes: [Node]) -> Int { nodes.accesses.count { $0.memory == memory } }
    let places = body.accesses.filter { $0.memory == memory }.map(\.address.constantValue)
    guard !places.contains(nil), Set(places).count == places.count,
      places.count == elementCount(of: memory), count(kernel.body) == count(loop.body)
    else { return .refused(.meeting(memory)) }
    return .granted
  }

  /// Whether what a loop combines into a memory may be stored there: each iteration combines once into
  /// each element of a row of its own, and nothing else in the kernel touches the memory.
  package func mayBeStored(_ memory: Memory, rowByRowIn loop: Loop) -> Permission {
    let (rows, count) = (extent(loop.variable), elementCount(of: memory))
    guard loop.range == .full, rows > 0, count > 0, count.isMultiple(of: rows) else {
      return .refused(.shape)
    }
    let length = count / rows
    let row = IndexExpression(loop.variable) * length
    var elements = Set<Int>()
    for access in loop.body.compactMap(\.access) where access.memory == memory {
      guard access.combining != nil, access.condition == nil,
        let element = (access.address + row * -1).constantValue, (0..<length).contains(element)
      else { return .refused(.meeting(memory)) }
      elements.insert(element)
    }
    // As many accesses as elements, all of them different ones.
    let accesses = kernel.body.accesses.count { $0.memory == memory }
    guard elements.count == length, accesses == length else { return .refused(.meeting(memory)) }
    return .granted
  }

  /// Whether the loop's iterations, which combine into places of one memory that other iterations may
  /// combine into, may be carried out in any order.
  package func mayReorderUpdates(of memory: Memory, in loop: Loop) -> Permission {
    mayRunInParallel(loop, reducing: [memory])
  }

  /// Whether what nodes define may be computed again further inside, behind what stands in between: they
  /// read nothing that the kernel writes.
  package func mayRepeat(_ definitions: [Node]) -> Permission {
    for node in definitions {
      guard case .define(_, let expression) = node else { return .refused(.shape) }
      guard case .load(let memory, _, _) = expression else { continue }
      if written.contains(memory) { return .refused(.meeting(memory)) }
    }
    return .granted
  }
}

extension Loop {
  /// Whether the loop, which stands in one over rows, may stand around it, its sums as accumulators: it
  /// does nothing but combine, once into each of some memory that it does not read, at places that are
  /// the same for all rows.
  package func maySum(across rows: VariableID) -> Permission {
    guard range == .full else { return .refused(.shape) }
    guard accumulators.isEmpty else { return .refused(.sum) }
    guard carries.isEmpty else { return .refused(.carry) }
    var (read, written) = (Set<Memory>(), Set<Memory>())
    for node in body {
      switch node {
      case .define(_, .load(let memory, _, _)): read.insert(memory)
      case .define: break
      case .store(let store):
        guard store.combining != nil, store.condition == nil, !store.address.isLookedUp,
          store.address.uses(variable), !store.address.uses(rows),
          written.insert(store.memory).inserted
        else { return .refused(.meeting(store.memory)) }
      case .accumulate, .loop, .contract: return .refused(.shape)
      }
    }
    if let memory = read.intersection(written).min() { return .refused(.meeting(memory)) }
    return written.isEmpty ? .refused(.shape) : .granted
  }
}

extension Node {
  /// The variable that a loop counts, or the row of a product.
  package var rows: VariableID? {
    switch self {
    case .loop(let loop): loop.variable
    case .contract(let contract): contract.row
    case .define, .store, .accumulate: nil
    }
  }
}
