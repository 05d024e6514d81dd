import LoopIR
import Targets
import TensorIR
import Testing

/// Micro-kernels of matrix products on processors other than this one, as facts of their assembly.
@Suite struct ProductTargetTests {
  /// Which factors are transposed.
  enum Layout: String, CaseIterable, Sendable {
    case nn = "NN"
    case tn = "TN"
    case nt = "NT"
  }

  /// Processors with their own scheduling models in LLVM, which decides about spills.
  static let targets: [TargetDescription] =
    [.x86_64v4, .x86_64v3, .aarch64, .appleM1]
    + ["skylake-avx512", "sapphirerapids", "znver4"].map {
      TargetDescription.x86_64v4.tuned(for: $0)
    }
    + ["haswell", "znver3"].map { TargetDescription.x86_64v3.tuned(for: $0) }
    + ["neoverse-n1", "neoverse-v1"].map { TargetDescription.aarch64.tuned(for: $0) }

  /// A product of 192 rows, 192 columns and a depth of 200: no tile is cut off.
  private func product(
    _ layout: Layout, _ element: ElementType, rows: Int = 192, columns: Int = 192, depth: Int = 200
  ) throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let left = builder.parameter(
      TensorType(layout == .tn ? [depth, rows] : [rows, depth], element))
    let right = builder.parameter(
      TensorType(layout == .nt ? [columns, depth] : [depth, columns], element))
    let dimensions = DotDimensions(
      leftBatching: [], rightBatching: [], leftContracting: [layout == .tn ? 0 : 1],
      rightContracting: [layout == .nt ? 1 : 0])
    return builder.finish(returning: [try builder.emit(.dot(dimensions), [left, right])])
  }

  @Test(arguments: targets, [ElementType.f32, .f64])
  func keepTheirTilesInRegisters(_ target: TargetDescription, _ element: ElementType) throws {
    for layout in Layout.allCases {
      let code = try TargetCode(product(layout, element), for: target)
      let tiling = try #require(code.contracts.first).tiling
      #expect(tiling.rows == target.registerTile.rows)
      #expect(tiling.vectors == target.registerTile.vectors)
      #expect(tiling.width * element.byteCount * 8 == target.vectorBits)
      let kernels = code.assembly.microKernels
      #expect(!kernels.isEmpty, "\(layout) has no micro-kernel")
      for kernel in kernels {
        let place = Comment("\(layout) of \(element) for \(target.cpu)")
        let multiplyAdds = kernel.filter(\.isVectorMultiplyAdd)
        #expect(multiplyAdds.count == tiling.rows * tiling.vectors, place)
        // A packed panel stands on the stack; everything else there would be spilled.
        let panelLoads = layout == .nt ? tiling.vectors : 0
        #expect(kernel.count { $0.usesStack } <= panelLoads, place)
        if target.isARM64 {
          #expect(multiplyAdds.allSatisfy { $0.takesLane }, place)
        } else {
          let register = target.vectorBits == 512 ? "%zmm" : "%ymm"
          #expect(multiplyAdds.allSatisfy { $0.operands.contains(register) }, place)
        }
      }
      let callees = code.assembly.callees.subtracting(code.emitter.codeNames.map { "f.\($0)" })
      #expect(callees.isEmpty, "calls of \(callees)")
    }
  }

  /// A line of a transposed left factor is loaded as vectors where multiply-adds take lanes.
  @Test(arguments: [(ElementType.f32, 5), (.f64, 7)])
  func loadLinesOfTransposedFactors(_ element: ElementType, _ loads: Int) throws {
    let code = try TargetCode(product(.tn, element), for: .aarch64)
    let kernel = try #require(code.assembly.microKernels.first)
    let registers = kernel.filter { $0.mnemonic.hasPrefix("ld") }.map { load in
      load.operands.prefix { $0 != "[" }.matches(of: /[qds]\d+/).count
    }
    #expect(registers.reduce(0, +) == loads)
  }

  /// Every block of rows packs its own panels, so there are no more blocks than the sums that wait need,
  /// and each has whole tiles.
  @Test(arguments: [(64, 1), (128, 1), (504, 1), (700, 2), (1200, 3)])
  func packPanelsOnceForEachBlock(_ rows: Int, _ blocks: Int) throws {
    let function = try product(.tn, .f32, rows: rows, columns: 512, depth: 3168)
    let tiling = try #require(TargetCode(function, for: .x86_64v4).contracts.first).tiling
    #expect(tiling.panelDepth != nil)
    #expect(tiling.rowBlock.isMultiple(of: tiling.rows))
    #expect((rows + tiling.rowBlock - 1) / tiling.rowBlock == blocks)
  }
}
