import Foundation
import Imaging
import NIfTI
import TestFolders
import Testing

/// Faults 73, 74 and 81 to 84 of the catalogue: files that are odd and sound, or nearly so. The
/// others from 71 on are in `HostileFileTests`.
@Suite struct FaultTests {
  private let sound = Files.bytes(Files.fixture("int16.nii"))

  @Test func fault73TheOtherOrderOfBytesIsReadAsTheSameImage() throws {
    let little = try NIfTIFile.read(Files.fixture("int16.nii"))
    let big = try NIfTIFile.read(Files.fixture("int16-big.nii"))
    // The voxels are those that nibabel reads: see `NIfTIFileTests`.
    #expect(big.volume.grid == little.volume.grid && big.volume.type == little.volume.type)
    // What is kept of the header is in this machine's order, whatever the file's was.
    #expect(big.header.bytes[0..<4] == [92, 1, 0, 0])
  }

  @Test func fault74NIfTI2IsReadAsWhatItHolds() throws {
    let image = try NIfTIFile.read(Files.fixture("nifti2.nii.gz"))
    #expect(image.header.version == 2)
    // Its offset is a whole number of 64 bits that must leave room for the header.
    let bytes = Files.bytes(Files.fixture("nifti2-big.nii"))
    for offset in [0, 543, -1, Int64.max] as [Int64] {
      let error = try Files.refusal(bytes.with(offset.bigEndian, at: 168))
      #expect(error != nil, "\(offset)")
    }
  }

  @Test(arguments: [Float(0), .nan, .infinity, -.infinity])
  func fault81ASlopeThatIsNoneLeavesStoredValues(_ slope: Float) throws {
    let bytes = Files.bytes(Files.fixture("scaled.nii"))
    let image = try Files.read(bytes.with(slope, at: 112))
    #expect(image.volume.scaling == .identity)
    #expect(
      try Files.read(bytes.with(Float.nan, at: 116)).volume.scaling
        == .uniform(slope: 0.5, intercept: 0))
  }

  @Test func fault82FormsAreWeighedAndWhatIsOddIsSaid() throws {
    let conflict = try NIfTIFile.read(Files.fixture("conflict.nii"))
    #expect(conflict.findings.map(\.flag) == ["forms-disagree"])
    var bytes = sound
    for at in 280..<328 { bytes[at] = 0 }
    #expect(try Files.read(bytes).findings.map(\.flag) == ["unusable-sform"])
    let neither = try Files.read(sound.with(UInt32(0), at: 252))
    #expect(neither.findings.map(\.flag) == ["orientation-unknown"])
    let notFinite = try Files.read(sound.with(Float.nan, at: 280))
    #expect(notFinite.findings.map(\.flag) == ["unusable-sform"])
    #expect(notFinite.volume.grid.affine.isRegular)
  }

  @Test func fault83WholeNumbersOf64BitsAreReadAndColoursAreNot() throws {
    let image = try Files.read(
      sound.with(Int16(1024), at: 70).with(Int16(64), at: 72)
        + [UInt8](repeating: 0, count: 4 * sound.count))
    #expect(image.volume.type == .int64)
    for (code, bits) in [(32, 64), (128, 24), (1536, 128), (1792, 128), (2304, 32)] {
      let error = try Files.refusal(
        sound.with(Int16(code), at: 70).with(Int16(bits), at: 72))
      guard case .unsupported? = error else {
        Issue.record("type \(code) is read")
        continue
      }
    }
  }

  @Test func fault84VoxelsThatAreNoNumbersAreCountedAndKept() throws {
    try withFolder { folder in
      var values = [Float](repeating: 1, count: Files.grid.count)
      (values[0], values[1], values[2]) = (.nan, .infinity, -.infinity)
      try NIfTIFile.write(Volume(grid: Files.grid, values: values), to: folder + "/x.nii")
      let image = try NIfTIFile.read(folder + "/x.nii")
      #expect(image.findings.map(\.flag) == ["non-finite-voxels"])
      #expect(LabelMap(image.volume) == nil)
    }
  }

  @Test func nothingButNumbersSurvivesInAHeader() throws {
    var bytes = sound
    let word = Array("CANARY-CANARY-CANARY-CANARY-CANARY-CANARY-CANARY".utf8)
    for range in [4..<39, 56..<68, 148..<228, 228..<252, 328..<344, 140..<148] {
      for (place, at) in range.enumerated() { bytes[at] = word[place % word.count] }
    }
    // A form without a code may hold anything.
    bytes = bytes.with(Int16(0), at: 252)
    for (place, at) in (256..<280).enumerated() { bytes[at] = word[place] }
    let header = try Files.read(bytes).header
    for at in header.bytes.indices.dropLast(3) {
      let four = String(decoding: header.bytes[at..<at + 4], as: UTF8.self)
      #expect(!["CANA", "ANAR", "NARY"].contains(four), "at \(at)")
    }
  }
}
