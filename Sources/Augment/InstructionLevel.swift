import CCPU
import CropKernelBaseline
import CropTypes

#if arch(x86_64)
  import CropKernelV3
#endif

/// What a processor can do; the crop kernel is built once for each of these.
///
/// The best that this processor has is chosen when the first view is made. Parameters are drawn
/// alike on all of them, and pixels agree within rounding.
public enum InstructionLevel: String, Sendable, CaseIterable {
  /// What every processor of its architecture has (x86-64: SSE2).
  case baseline
  /// x86-64-v3: AVX2 and fused multiply-add.
  case v3

  /// The best level of this processor.
  public static let best: InstructionLevel = available.last ?? .baseline

  /// The levels that this processor can run, the best one last.
  public static var available: [InstructionLevel] {
    ccpu_level() >= 3 ? [.baseline, .v3] : [.baseline]
  }

  func makeView(_ view: ViewPlan) {
    #if arch(x86_64)
      if self == .v3 { return CropKernelV3.makeView(view) }
    #endif
    CropKernelBaseline.makeView(view)
  }

  func makeLabels(
    _ view: ViewPlan, from label: UnsafePointer<UInt8>, outside: UInt8,
    into out: UnsafeMutablePointer<UInt8>
  ) {
    #if arch(x86_64)
      if self == .v3 {
        return CropKernelV3.makeLabels(view, from: label, outside: outside, into: out)
      }
    #endif
    CropKernelBaseline.makeLabels(view, from: label, outside: outside, into: out)
  }

  func measure(_ stored: UnsafePointer<Int16>, count: Int) -> StoredSums {
    #if arch(x86_64)
      if self == .v3 { return CropKernelV3.measure(stored, count: count) }
    #endif
    return CropKernelBaseline.measure(stored, count: count)
  }
}
