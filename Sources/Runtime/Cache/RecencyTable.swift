/// A table that forgets, one by one, what was not used for longest when it is full.
package struct RecencyTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  /// A value, what it costs to keep, and when it was used last.
  private struct Entry: Sendable {
    var value: Value
    var cost: Int
    var lastUse: Int
  }

  private var entries: [Key: Entry] = [:]
  /// Some of the entries that were not used for longest, the first to go at the end; those that were used
  /// since then have another last use.
  private var oldest: [(key: Key, lastUse: Int)] = []
  /// Counts uses.
  private var clock = 0
  /// What all values cost together.
  package private(set) var cost = 0
  /// What all values may cost together.
  package let limit: Int

  /// An empty table.
  package init(limit: Int) { self.limit = limit }

  /// How many values there are.
  package var count: Int { entries.count }

  /// The value for a key, which becomes the one used last.
  package mutating func value(for key: Key) -> Value? {
    guard let place = entries.index(forKey: key) else { return nil }
    clock += 1
    entries.values[place].lastUse = clock
    return entries.values[place].value
  }

  /// Keeps a value, in place of one that is there; others go until there is room for it.
  package mutating func insert(_ value: Value, for key: Key, cost: Int = 1) {
    clock += 1
    let entry = Entry(value: value, cost: cost, lastUse: clock)
    self.cost += cost - (entries.updateValue(entry, forKey: key)?.cost ?? 0)
    while self.cost > limit, entries.count > 1 { removeOldest() }
  }

  /// Removes the entry that was not used for longest.
  ///
  /// A quarter of the entries is listed at a time, so that a full table takes new values in logarithmic time.
  private mutating func removeOldest() {
    while true {
      if oldest.isEmpty {
        oldest = entries.map { ($0.key, $0.value.lastUse) }
        oldest.sort { $0.lastUse > $1.lastUse }
        oldest.removeFirst(oldest.count - Swift.max(1, oldest.count / 4))
      }
      let (key, lastUse) = oldest.removeLast()
      guard let entry = entries[key], entry.lastUse == lastUse else { continue }
      entries[key] = nil
      cost -= entry.cost
      return
    }
  }
}
