/// What scheduling needs to know of the machine; the same model gives the same loops.
package struct MachineModel: Hashable, Sendable {
  /// Bits of a vector register.
  package var vectorBits: Int
  /// Vector registers the compiler may use.
  package var vectorRegisters: Int

  package init(vectorBits: Int, vectorRegisters: Int) {
    self.vectorBits = vectorBits
    self.vectorRegisters = vectorRegisters
  }

  /// The lanes of a vector of elements of `byteCount` bytes.
  package func width(byteCount: Int) -> Int { max(1, vectorBits / (8 * byteCount)) }
}
