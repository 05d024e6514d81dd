import Optimizer
import Testing

/// The list of passes.
@Suite struct PipelineTests {
  @Test func passNamesAreUnique() {
    #expect(Set(pipeline.map(\.name)).count == pipeline.count)
  }
}
