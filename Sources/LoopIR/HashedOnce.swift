/// A key that takes long to hash, such as a kernel, with its hash value: a table that looks for it first and
/// adds it then, or grows, hashes it once.
package struct HashedOnce<Key: Hashable>: Hashable {
  private let digest: Int
  private let key: Key

  package init(_ key: Key) {
    self.key = key
    digest = key.hashValue
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

extension HashedOnce: Sendable where Key: Sendable {}
