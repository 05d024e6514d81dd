/// What the memory plan leaves for snapshots of loops whose length nobody knows.
package enum SnapshotBudget {
  /// The bytes that a call may need in all; nil for any number.
  @TaskLocal package static var byteCount: Int?
}
