/// How many threads calls may use in a scope of the program, whatever they were compiled for.
package enum ThreadLimit {
  /// The limit of this task, the caller's thread included; at least one.
  ///
  /// It is read where a parallel loop starts, so calls without one do not pay for it.
  @TaskLocal package static var current = Int.max
}
