internal import Synchronization
internal import TensorIR

/// What a tree says of its members against what its mirror shows: every tensor must be visited and
/// put back, every other member be named.
struct TreeVerification {
  /// The tensors put in for those visited, by identity.
  private let placeholders: Set<ObjectIdentifier>
  /// The path at which each of them was found.
  private var paths: [ObjectIdentifier: String] = [:]
  /// Static values visited that no member was found for yet.
  private var statics: [StaticValue]
  /// The types of ignored values that no member was found for yet.
  private var ignored: [ObjectIdentifier]
  /// How many enumerations need a static value that tells their case.
  private var enumerations: [String] = []
  /// The name of the tree's type.
  private let typeName: String

  /// The signatures of trees that were found right.
  private static let verified = Mutex<Set<Key>>([])
  /// The set of verified signatures is emptied when it holds this many.
  private static let limit = 4096

  /// A type of tree and what of a value decides which members it visits.
  private struct Key: Hashable {
    let tree: ObjectIdentifier
    let signature: Signature
  }

  /// Checks that a tree visits all its members.
  ///
  /// - Throws: `AdjointError` naming the first member that is not visited.
  static func verify<Tree: TensorTree>(_ tree: Tree) throws {
    if tree is any TensorLeaf { return }
    try refuseClasses(in: tree, path: "\(Tree.self)")
    var visitor = TensorVisitor()
    try visitor.read(tree)
    let key = Key(
      tree: ObjectIdentifier(Tree.self),
      signature: Signature(types: visitor.nodes.map(\.type), statics: visitor.statics))
    if verified.withLock({ $0.contains(key) }) { return }
    let placeholders = visitor.nodes.map { TensorNode.placeholder($0.type) }
    _ = try compared(tree, with: placeholders)
    verified.withLock { verified in
      if verified.count >= limit { verified.removeAll() }
      verified.insert(key)
    }
  }

  /// The path to each tensor of a tree, in the order of a visit.
  ///
  /// - Throws: `AdjointError` naming the first member that is not visited.
  static func paths<Tree: TensorTree>(in tree: Tree) throws -> [String] {
    if tree is any TensorLeaf { return [""] }
    try refuseClasses(in: tree, path: "\(Tree.self)")
    let placeholders = try tree.visitedNodes().map { TensorNode.placeholder($0.type) }
    var verification = try compared(tree, with: placeholders)
    return placeholders.map {
      verification.paths.removeValue(forKey: ObjectIdentifier($0)) ?? ""
    }
  }

  /// The mirror of a tree with placeholders for its tensors, looked at in whole.
  private static func compared<Tree: TensorTree>(
    _ tree: Tree, with placeholders: [TensorNode]
  ) throws -> TreeVerification {
    var visitor = TensorVisitor()
    try visitor.read(tree)
    var replacing = TensorVisitor(replacingWith: placeholders)
    let replaced = try replacing.replace(tree)
    try replacing.requireEnd()
    var verification = TreeVerification(
      placeholders: Set(placeholders.map { ObjectIdentifier($0) }), statics: visitor.statics,
      ignored: visitor.ignoredTypes, typeName: "\(Tree.self)")
    try verification.visit(replaced, path: "")
    try verification.requireCases()
    return verification
  }

  private init(
    placeholders: Set<ObjectIdentifier>, statics: [StaticValue], ignored: [ObjectIdentifier],
    typeName: String
  ) {
    self.placeholders = placeholders
    self.statics = statics
    self.ignored = ignored
    self.typeName = typeName
  }

  /// Fails where a tree is an object, whose tensors could not be replaced in a copy.
  private static func refuseClasses(in value: Any, path: String) throws {
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .class {
      guard value is any TensorTree else { return }
      throw AdjointError(
        .unsupported,
        "\(path) is a class; a tree of tensors must be a value, such as a structure")
    }
    for child in mirror.children {
      try refuseClasses(in: child.value, path: path + (child.label.map { ".\($0)" } ?? ""))
    }
  }

  /// Looks at a value and its members.
  private mutating func visit(_ value: Any, path: String) throws {
    let mirror = Mirror(reflecting: value)
    // A cast would look through an optional, whose presence is static.
    if mirror.displayStyle != .optional, let leaf = value as? any TensorLeaf {
      guard placeholders.contains(ObjectIdentifier(leaf.leafNode)) else {
        throw unvisited("tensor", path, "visitor.visit(&\(member(path)))")
      }
      paths[ObjectIdentifier(leaf.leafNode)] = String(path.drop { $0 == "." })
      return
    }
    if !path.isEmpty, takeStatic(equalTo: value) || takeIgnored(type(of: value)) { return }
    switch mirror.displayStyle {
    case .struct, .tuple:
      try visitChildren(of: mirror, path: path)
    case .enum where value is any TensorTree:
      enumerations.append(path)
      try visitChildren(of: mirror, path: path)
    case .optional, .collection, .dictionary:
      guard let container = value as? any TreeContainer else {
        throw unvisited("value", path, "visitor.visitStatic(\(member(path)))")
      }
      guard takeStatic(container.containerStatic) else {
        throw unvisited("value", path, "visitor.visit(&\(member(path)))")
      }
      try visitElements(of: mirror, path: path)
    default:
      throw unvisited("value", path, "visitor.visitStatic(\(member(path)))")
    }
  }

  /// Looks at the stored members of a structure, tuple or case.
  private mutating func visitChildren(of mirror: Mirror, path: String) throws {
    if let parent = mirror.superclassMirror { try visitChildren(of: parent, path: path) }
    for (index, child) in mirror.children.enumerated() {
      // Parts of tuples without a name are called .0, .1 and so on.
      let label = child.label.map { String($0.drop { $0 == "." }) } ?? String(index)
      try visit(child.value, path: path + "." + label)
    }
  }

  /// Looks at the elements of a collection, the wrapped value of an optional, or the values of a
  /// dictionary.
  private mutating func visitElements(of mirror: Mirror, path: String) throws {
    let isOptional = mirror.displayStyle == .optional
    for (index, child) in mirror.children.enumerated() {
      if isOptional {
        try visit(child.value, path: path)
      } else if let pair = child.value as? (key: AnyHashable, value: Any) {
        try visit(pair.value, path: path + ".\(pair.key)")
      } else if mirror.displayStyle == .dictionary {
        let pair = Array(Mirror(reflecting: child.value).children)
        try visit(pair[1].value, path: path + ".\(pair[0].value)")
      } else {
        try visit(child.value, path: path + "[\(index)]")
      }
    }
  }

  /// Takes a visited static value that equals a member.
  private mutating func takeStatic(equalTo value: Any) -> Bool {
    guard let value = value as? AnyHashable,
      let index = statics.firstIndex(where: { $0.isIdentical(to: value) })
    else { return false }
    statics.remove(at: index)
    return true
  }

  /// Takes a visited static value.
  private mutating func takeStatic(_ value: StaticValue) -> Bool {
    guard let index = statics.firstIndex(of: value) else { return false }
    statics.remove(at: index)
    return true
  }

  /// Takes an ignored value of a type.
  private mutating func takeIgnored(_ type: Any.Type) -> Bool {
    guard let index = ignored.firstIndex(of: ObjectIdentifier(type)) else { return false }
    ignored.remove(at: index)
    return true
  }

  /// Fails unless as many static values are left as there are enumerations.
  private func requireCases() throws {
    guard enumerations.count > statics.count, let path = enumerations.last else { return }
    throw AdjointError(
      .argument,
      "visitTensors of \(typeName)\(path) does not tell the case:"
        + " it needs a visitor.visitStatic that differs from case to case")
  }

  /// The last name of a path.
  private func member(_ path: String) -> String {
    path.split(separator: ".").last.map(String.init) ?? "self"
  }

  private func unvisited(_ kind: String, _ path: String, _ remedy: String) -> AdjointError {
    let ignoring =
      kind == "tensor"
      ? "" : ", or visitor.visitIgnored(\(member(path))) where no operation depends on it"
    return AdjointError(
      .argument,
      "\(typeName) does not visit its \(kind) \(path.dropFirst()): visitTensors needs"
        + " \(remedy)\(ignoring)")
  }
}

/// A tensor of any element type, as mirrors find it.
private protocol TensorLeaf {
  /// What the tensor is made of.
  var leafNode: TensorNode { get }
}

extension Tensor: TensorLeaf {
  fileprivate var leafNode: TensorNode { node }
}

/// A tree of the standard library, whose structure is a static value.
private protocol TreeContainer {
  /// What it visits besides its parts.
  var containerStatic: StaticValue { get }
}

extension Array: TreeContainer where Element: TensorTree {
  fileprivate var containerStatic: StaticValue { StaticValue(count: count) }
}

extension Optional: TreeContainer where Wrapped: TensorTree {
  fileprivate var containerStatic: StaticValue { StaticValue(self != nil) }
}

extension Dictionary: TreeContainer where Key: TensorTreeKey, Value: TensorTree {
  fileprivate var containerStatic: StaticValue { StaticValue(keys.sorted()) }
}
