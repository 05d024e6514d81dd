import LoopIR
import TensorIR
import Testing

/// The exact text of hand-built programs.
@Suite struct PrintingTests {
  @Test func rowsOfALayerNorm() {
    #expect(
      SampleProgram.layerNorm().description == """
        program layernorm (x: f32[10,20], g: f32[20]) -> (y: f32[10,20])
        arena 0 bytes

        kernel k0 (x: f32[10,20], g: f32[20]) -> (y: f32[10,20])   // loss.swift:12, loss.swift:14
          parallel blk in 0..<3 {
            serial r in blk*4..<min(blk*4+4, 10) {
              acc t0 = 0 (+)
              vector(8)×4 j in 0..<20 { t0 += x[r,j] }
              t3 = t0/20
              acc t4 = 0 (+)
              vector(8)×4 j in 0..<20 {
                t6 = x[r,j] - t3
                t4 += t6*t6
              }
              t11 = rsqrt(t4/20 + 1e-05)
              vector(8)×4 j in 0..<20 { y[r,j] = (x[r,j] - t3)*(t11*g[j]) }
            }
          }
        """)
  }

  @Test func columnSumsByBlocks() {
    #expect(
      SampleProgram.columnSums().description == """
        program columns (x: f32[8,5], w: f32[8]) -> (s: f32[5], m: f32[])
        arena 320 bytes
        buffer ps: f32[2,5] at arena+0, 40 bytes
        buffer pm: f32[2] at arena+256, 8 bytes

        kernel k0 (x: f32[8,5], w: f32[8]) -> (ps: f32[2,5], pm: f32[2])
          parallel blk in 0..<2 {
            vector(4) z in 0..<5 { ps[blk,z] = 0 }
            acc t1 = -inf (max)
            serial i in blk*4..<+4 {
              t2 = w[i]
              vector(4) j in 0..<5 {
                t3 = x[i,j]
                t1 = max(t1, t3)
                ps[blk,j] += t3*t2
              }
            }
            pm[blk] = t1
          }

        kernel k1 (ps: f32[2,5], pm: f32[2]) -> (s: f32[5], m: f32[])
          vector(4) j in 0..<5 {
            acc t0 = 0 (+)
            serial b in 0..<2 { t0 += ps[b,j] }
            s[j] = t0
          }
          acc t1 = -inf (max)
          serial b in 0..<2 { t1 = max(t1, pm[b]) }
          m[] = t1
        """)
  }

  @Test func productWithEpilogue() {
    let whole = SampleProgram.dense(isCut: false)
    #expect(
      whole.kernels[0].description(in: whole) == """
        kernel k0 (x: f32[7,3], w: f32[3,10], b: f32[10]) -> (h: f32[7,10])
          tile (m, n) in (0..<7, 0..<10) step (2, 8), 4 rows at a time {
            t0: f32[2,8] = contract k in 0..<3 { x[m,k] * w[k,n] }
            store h[m,n] = max(t0 + b[n], 0)
          }
        """)
    let cut = SampleProgram.dense()
    #expect(
      cut.kernels[0].description(in: cut) == """
        kernel k0 (x: f32[7,3], w: f32[3,10], b: f32[10]) -> (h: f32[7,10])
          parallel blk in 0..<4 {
            tile (m, n) in (blk%2*4..<min(blk%2*4+4, 7), blk/2*8..<min(blk/2*8+8, 10))
                 step (2, 8), 4 rows at a time {
              t0: f32[2,8] = contract k in 0..<3 { x[m,k] * w[k,n] }
              store h[m,n] = max(t0 + b[n], 0)
            }
          }
        """)
  }

  @Test func guardsLookupsAndFlatAddresses() {
    #expect(
      SampleProgram.lookups().description == """
        program lookups (x: f32[6], at: i32[2]) -> (z: f32[2,3], n: i64[])
        arena 64 bytes
        constant table: f32[4,3] = [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, …]
        buffer y: f32[6] at arena+0, 24 bytes

        kernel k0 (x: f32[6]) -> (y: f32[6], n: i64[])
          n[] = 0
          serial i in 0..<6 { y[i] = x[5-i] - (x[i-1] if 0 <= i-1 < 6 else 0) }
          serial i in 0..<6 { if 1 <= i%2 < 2 && 0 <= i < 4 { n[] += i*2+1 } }

        kernel k1 (at: i32[2], table: f32[4,3], y: f32[6]) -> (z: f32[2,3])
          local l0: f32[3]
          serial i in 0..<2 {
            t5 = min(max(i64(at[i]), 0), 3)
            serial j in 0..<3 { l0[j] = table[t5,j] }
            serial j in 0..<3 { z[i,j] = l0[j] + y[i*3+j] }
          }
        """)
  }

  @Test func readsDoNotMovePastStores() {
    var program = LoopProgram(name: "swap")
    for (name, storage) in [("a", Buffer.Storage.result(0)), ("b", .result(1))] {
      program.buffers.append(Buffer(name: name, type: TensorType([4], .f32), storage: storage))
    }
    var k = KernelSketch("k0", slots: [0, 1])
    let i = k.variable("", 4)
    let place = IndexExpression(i)
    var body = [Node]()
    let first = k.load(0, place, in: &body)
    let second = k.load(1, place, in: &body)
    let root = k.unary(.sqrt, second, in: &body)
    let twice = k.binary(.add, first, first, in: &body)
    body.append(.store(Store(.slot(1), place, twice)))
    body.append(.store(Store(.slot(0), place, root)))
    k.kernel.body = [loop(i, body)]
    #expect(
      k.kernel.description(in: program) == """
        kernel k0 (a: f32[4], b: f32[4]) -> (a: f32[4], b: f32[4])
          serial _0 in 0..<4 {
            t0 = a[_0]
            t2 = sqrt(b[_0])
            b[_0] = t0 + t0
            a[_0] = t2
          }
        """)
  }

  @Test(arguments: [
    (BinaryOp.subtract, BinaryOp.subtract, "a[] - (b[] - c[])", "a[] - b[] - c[]"),
    (.multiply, .add, "a[] + b[]*c[]", "(a[] + b[])*c[]"),
    (.multiply, .divide, "a[]/(b[]*c[])", "a[]/b[]*c[]"),
    (.add, .maximum, "max(a[], b[] + c[])", "max(a[], b[]) + c[]"),
  ])
  func parenthesesAreMinimal(
    inner: BinaryOp, outer: BinaryOp, nestedRight: String, nestedLeft: String
  ) {
    var texts = [String]()
    for isNestedRight in [true, false] {
      var program = LoopProgram(name: "p")
      for (position, name) in ["a", "b", "c"].enumerated() {
        program.buffers.append(
          Buffer(name: name, type: TensorType([], .f32), storage: .argument(position)))
      }
      program.buffers.append(
        Buffer(name: "y", type: TensorType([], .f32), storage: .result(0)))
      var k = KernelSketch("k0", slots: [0, 1, 2, 3])
      var body = [Node]()
      let loads = (0..<3).map { k.load($0, IndexExpression(0), in: &body) }
      let value =
        isNestedRight
        ? k.binary(outer, loads[0], k.binary(inner, loads[1], loads[2], in: &body), in: &body)
        : k.binary(inner, k.binary(outer, loads[0], loads[1], in: &body), loads[2], in: &body)
      body.append(.store(Store(.slot(3), IndexExpression(0), value)))
      k.kernel.body = body
      let text = k.kernel.description(in: program)
      texts.append(String(text.split(separator: "\n")[1].dropFirst("  y[] = ".count)))
    }
    #expect(texts == [nestedRight, nestedLeft])
  }

  @Test func longHeadersTakeTwoLines() {
    var program = LoopProgram(name: "wide")
    for position in 0..<6 {
      program.buffers.append(
        Buffer(
          name: "argument\(position)", type: TensorType([3], .f32),
          storage: position == 5 ? .result(0) : .argument(position)))
    }
    var k = KernelSketch("k0", slots: Array(0..<6))
    var body = [Node]()
    let loads = (0..<5).map { k.load($0, IndexExpression(0), in: &body) }
    for load in loads {
      body.append(.store(Store(.slot(5), IndexExpression(2), load, combining: .maximum)))
    }
    k.kernel.body = body
    #expect(
      k.kernel.description(in: program) == """
        kernel k0 (argument0: f32[3], argument1: f32[3], argument2: f32[3], argument3: f32[3], argument4: f32[3])
               -> (argument5: f32[3])
          t1 = argument1[0]
          t2 = argument2[0]
          t3 = argument3[0]
          t4 = argument4[0]
          argument5[2] = max(argument5[2], argument0[0])
          argument5[2] = max(argument5[2], t1)
          argument5[2] = max(argument5[2], t2)
          argument5[2] = max(argument5[2], t3)
          argument5[2] = max(argument5[2], t4)
        """)
  }
}
