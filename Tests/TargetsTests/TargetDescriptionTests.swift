import Targets
import Testing

@Suite struct TargetDescriptionTests {
  @Test func vectorRegisters() {
    #expect(TargetDescription.x86_64v3.vectorBits == 256)
    #expect(TargetDescription.x86_64v3.registers == 16)
    #expect(TargetDescription.x86_64v4.vectorBits == 512)
    #expect(TargetDescription.x86_64v4.registers == 32)
    #expect(TargetDescription.aarch64.vectorBits == 128)
    #expect(TargetDescription.appleM1.registers == 32)
    #expect(TargetDescription.appleM1.hasFMA)
    #expect(TargetDescription.x86_64v4.lanes(ofBits: 64) == 8)
  }

  /// Every tile leaves a register for the left factor's elements, and the widest hides the latency
  /// of multiply-adds.
  @Test(arguments: [TargetDescription.x86_64v4, .x86_64v3, .aarch64, .appleM1])
  func tilesFitTheRegisters(_ target: TargetDescription) {
    let tile = target.registerTile
    #expect(target.tileRows(vectors: tile.vectors) == tile.rows)
    #expect(tile.rows * tile.vectors >= 8)
    for vectors in 1...tile.vectors {
      let rows = target.tileRows(vectors: vectors)
      #expect(rows >= tile.rows && rows <= 16)
      #expect(rows * vectors + vectors + 1 <= target.registers)
    }
  }

  @Test func codeRunsWhereAllFeaturesAre() {
    let server = TargetDescription.x86_64v4
    #expect(TargetDescription.x86_64v3.running(on: server)?.cpu == "x86-64-v3")
    #expect(server.running(on: .x86_64v3) == nil)
    #expect(TargetDescription.aarch64.running(on: server) == nil)
    let mac = TargetDescription(
      triple: "x86_64-apple-macosx15.0.0", cpu: "", features: server.features)
    #expect(TargetDescription.x86_64v3.running(on: mac)?.triple == mac.triple)
  }
}
