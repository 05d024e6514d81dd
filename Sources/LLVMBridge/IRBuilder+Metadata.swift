internal import CLLVM

/// What LLVM's loop passes shall not do to a loop.
///
/// See <https://llvm.org/docs/LangRef.html#llvm-loop>.
package enum LoopOption: Sendable {
  /// Keep the loop rolled.
  case noUnroll
  /// Keep the loop scalar.
  case noVectorize

  /// The name of the metadata, and its value if it has one.
  var property: (name: String, value: Bool?) {
    switch self {
    case .noUnroll: ("llvm.loop.unroll.disable", nil)
    case .noVectorize: ("llvm.loop.vectorize.enable", false)
    }
  }
}

/// Sets of memory accesses that never overlap one another.
package struct AliasScopes {
  /// For each scope, the list with only this scope.
  let own: [OpaquePointer]
  /// For each scope, the list of all the others.
  let others: [OpaquePointer]

  /// The number of scopes.
  package var count: Int { own.count }
}

/// Metadata on instructions.
///
/// See <https://llvm.org/docs/LangRef.html#metadata>.
extension IRBuilder {
  /// Restricts what passes do to the loop whose back edge is `branch`.
  package func setLoopOptions(_ branch: LLVMValue, _ options: [LoopOption]) {
    // A loop's node refers to itself: it is made with a temporary in that place.
    guard let placeholder = LLVMTemporaryMDNode(module.context, nil, 0) else {
      preconditionFailure("LLVM made no node")
    }
    let properties = options.map { option in
      let (name, value) = option.property
      return metadataNode([metadataString(name)] + (value.map { [metadata(bool($0))] } ?? []))
    }
    let node = metadataNode([placeholder] + properties)
    LLVMMetadataReplaceAllUsesWith(placeholder, node)
    setMetadata(branch, "llvm.loop", node)
  }

  /// Makes `count` scopes of memory that do not overlap.
  package func makeAliasScopes(count: Int) -> AliasScopes {
    module.aliasScopeCount += 1
    let name = "scopes\(module.aliasScopeCount)"
    let domain = metadataNode([metadataString(name)])
    let scopes = (0..<count).map { metadataNode([metadataString("\(name).\($0)"), domain]) }
    return AliasScopes(
      own: scopes.map { metadataNode([$0]) },
      others: scopes.indices.map { index in
        metadataNode(scopes.indices.filter { $0 != index }.map { scopes[$0] })
      })
  }

  /// States that a load or store touches scope `index` and none of the others.
  package func setAliasScope(_ instruction: LLVMValue, _ scopes: AliasScopes, _ index: Int) {
    setMetadata(instruction, "alias.scope", scopes.own[index])
    if scopes.count > 1 { setMetadata(instruction, "noalias", scopes.others[index]) }
  }

  /// States that memory read by a load never changes while the function runs.
  package func setInvariantLoad(_ load: LLVMValue) {
    setMetadata(load, "invariant.load", metadataNode([]))
  }

  /// Attaches a node to an instruction; constants, which builders fold to, are left alone.
  func setMetadata(_ instruction: LLVMValue, _ kind: String, _ node: OpaquePointer) {
    guard LLVMIsAInstruction(instruction.ref) != nil else { return }
    let number = LLVMGetMDKindIDInContext(module.context, kind, UInt32(kind.utf8.count))
    LLVMSetMetadata(instruction.ref, number, LLVMMetadataAsValue(module.context, node))
  }

  /// A metadata string.
  func metadataString(_ text: String) -> OpaquePointer {
    unwrapped(LLVMMDStringInContext2(module.context, text, text.utf8.count))
  }

  /// A metadata node.
  func metadataNode(_ operands: [OpaquePointer]) -> OpaquePointer {
    var list: [OpaquePointer?] = operands
    return unwrapped(LLVMMDNodeInContext2(module.context, &list, list.count))
  }

  /// A constant as metadata.
  func metadata(_ value: LLVMValue) -> OpaquePointer {
    unwrapped(LLVMValueAsMetadata(value.ref))
  }

  /// A handle that the C API declares as optional but never returns null for.
  private func unwrapped(_ ref: OpaquePointer?) -> OpaquePointer {
    guard let ref else { preconditionFailure("LLVM made no metadata") }
    return ref
  }
}
