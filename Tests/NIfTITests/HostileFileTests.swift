import Foundation
import Imaging
import NIfTI
import TestFolders
import Testing

/// Faults 71 to 83 of the catalogue of bad input; those that are odd and sound are in `FaultTests`.
@Suite struct HostileFileTests {
  private let sound = Files.bytes(Files.fixture("int16.nii"))

  private func field(_ error: NIfTIError?) -> String? {
    if case .badHeader(_, let field, _)? = error { field } else { nil }
  }

  private func isTruncated(_ error: NIfTIError?) -> Bool {
    if case .truncated? = error { true } else { false }
  }

  private func isDamaged(_ error: NIfTIError?) -> Bool {
    if case .damaged? = error { true } else { false }
  }

  private func isTooLarge(_ error: NIfTIError?) -> Bool {
    if case .tooLarge? = error { true } else { false }
  }

  private func isForeign(_ error: NIfTIError?) -> Bool {
    if case .notNIfTI? = error { true } else { false }
  }

  @Test func theSoundFileIsNotRefused() throws {
    #expect(try Files.refusal(sound) == nil)
    #expect(try Files.refusal(sound, name: "x.nii.gz", gzip: true) == nil)
    #expect(try Files.refusal(sound, name: "x.nii.gz") == nil)
  }

  @Test func fault71EmptyAndShortFilesAreRefused() throws {
    #expect(isForeign(try Files.refusal([])))
    #expect(isForeign(try Files.refusal([1, 2, 3])))
    #expect(isTruncated(try Files.refusal(Array(sound.prefix(347)))))
    #expect(isForeign(try Files.refusal(Array("DICM, or some such text".utf8))))
  }

  @Test func fault72AWrongMagicIsRefused() throws {
    for magic in ["n+3\0", "abcd", "\0\0\0\0", "ni1\0"] {
      let bytes = Array(sound[..<344] + Array(magic.utf8) + sound[348...])
      #expect(isForeign(try Files.refusal(bytes)), "\(magic)")
    }
  }

  @Test func fault79DimensionsThatCannotBeAreRefused() throws {
    for (at, value) in [(40, 0), (40, 8), (40, -1), (42, 0), (44, -5)] {
      let error = try Files.refusal(sound.with(Int16(value), at: at))
      #expect(field(error) == "dim[\((at - 40) / 2)]")
    }
    let five = sound.with(Int16(5), at: 40).with(Int16(2), at: 50)
    guard case .unsupported? = try Files.refusal(five) else {
      Issue.record("five dimensions are read")
      return
    }
    #expect(try Files.refusal(sound.with(Int16(7), at: 40)) == nil)
  }

  @Test func fault79HugeDimensionsAreRefusedBeforeMemoryIsTaken() throws {
    let large = sound.with(Int16.max, at: 42).with(Int16.max, at: 44).with(Int16.max, at: 46)
    guard case .tooLarge? = try Files.refusal(large) else {
      Issue.record("32767³ voxels are read")
      return
    }
    var second = Files.bytes(Files.fixture("nifti2-big.nii"))
    for at in [24, 32, 40] {
      second = second.with(Int64.max.bigEndian, at: at)
    }
    guard case .tooLarge? = try Files.refusal(second) else {
      Issue.record("an overflow is read")
      return
    }
    // 900 MB in a few hundred bytes of gzip is more than deflate can do.
    let bomb = sound.with(Int16(30_000), at: 42).with(Int16(15_000), at: 44)
    #expect(isTruncated(try Files.refusal(bomb, name: "x.nii.gz", gzip: true)))
  }

  @Test func limitsHold() throws {
    let few = NIfTILimits(voxelBytes: 47, trailingBytes: 1 << 20)
    #expect(isTooLarge(try Files.refusal(sound, limits: few)))
    let padded = sound + [UInt8](repeating: 0, count: 4 << 20)
    #expect(try Files.refusal(padded, name: "x.nii.gz", gzip: true) == nil)
    let tight = NIfTILimits(trailingBytes: 1 << 20)
    let error = try Files.refusal(padded, name: "x.nii.gz", gzip: true, limits: tight)
    #expect(isTooLarge(error))
  }

  @Test func fault80AnOffsetThatCannotBeIsRefused() throws {
    for offset in [0, -400, 348, 352.5, .nan, .infinity, 3e38] as [Float] {
      #expect(field(try Files.refusal(sound.with(offset, at: 108))) == "vox_offset", "\(offset)")
    }
    #expect(isTruncated(try Files.refusal(sound.with(Float(1e6), at: 108))))
  }

  @Test func fault83VoxelTypesThatAreNotReadAreNamed() throws {
    let types: [(Int16, String)] = [
      (1, "one-bit"), (128, "RGB24"), (1536, "float128"), (1792, "complex128"),
      (2048, "complex256"), (2304, "RGBA32"),
    ]
    for (code, name) in types {
      let error = try Files.refusal(sound.with(code, at: 70))
      guard case .unsupported(_, let what)? = error else {
        Issue.record("\(name) is read")
        continue
      }
      #expect(what.contains(name))
    }
    for file in ["complex64.nii", "rgb.nii"] {
      #expect(throws: NIfTIError.self) { try NIfTIFile.read(Files.fixture(file)) }
    }
    #expect(field(try Files.refusal(sound.with(Int16(77), at: 70))) == "datatype")
    #expect(field(try Files.refusal(sound.with(Int16(8), at: 72))) == "bitpix")
  }

  @Test func fault76AFileCutShortIsRefused() throws {
    #expect(isTruncated(try Files.refusal(Array(sound.dropLast(1)))))
    #expect(isTruncated(try Files.refusal(Array(sound.prefix(350)))))
  }

  @Test func fault77And78GzipThatIsCutOrFlippedIsRefused() throws {
    let whole = Files.bytes(Files.fixture("four.nii.gz"))
    for cut in [1, 5, 9, whole.count / 2, whole.count - 30] {
      #expect(
        isTruncated(try Files.refusal(Array(whole.dropLast(cut)), name: "x.nii.gz")), "\(cut)")
    }
    var flipped = whole
    flipped[flipped.count - 6] ^= 1
    #expect(isDamaged(try Files.refusal(flipped, name: "x.nii.gz")))
    let expected = try NIfTIFile.read(Files.fixture("four.nii.gz")).volume
    for at in stride(from: 30, to: whole.count - 8, by: 7) {
      var bytes = whole
      bytes[at] ^= 0x10
      // A flip that changes no voxel, in a code that no voxel uses, may pass.
      if let image = try? Files.read(bytes) {
        #expect(image.volume == expected, "byte \(at)")
      }
    }
  }

  @Test func fault75HalfAPairIsRefused() throws {
    let header = Files.bytes(Files.fixture("pair.hdr"))
    let error = try Files.refusal(header, name: "x.hdr")
    #expect({ if case .missingPartner? = $0 { true } else { false } }(error))
    let image = try Files.refusal(Files.bytes(Files.fixture("pair.img")), name: "x.img")
    #expect({ if case .missingPartner? = $0 { true } else { false } }(image))
  }

  @Test func whatIsNoPlainFileIsRefused() throws {
    for path in ["/", "/dev/zero", "/nowhere/x.nii"] {
      #expect(throws: NIfTIError.self) { try NIfTIFile.read(path) }
    }
  }

  @Test func unusableFormsAndSizesAreRefused() throws {
    let bytes = sound.with(UInt32(0), at: 252).with(Float(1e38), at: 80).with(Float(1e-38), at: 84)
    let error = try Files.refusal(bytes)
    #expect({ if case .unplaceable? = $0 { true } else { false } }(error))
  }

  @Test func noFlippedByteOfAHeaderEndsTheProgram() throws {
    try withFolder { folder in
      let path = folder + "/x.nii"
      let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
      defer { close(descriptor) }
      var read = 0
      for at in 0..<348 {
        for value in [UInt8(0), 0x7f, 0x80, 0xff] {
          let bytes = sound.with(value, at: at)
          #expect(pwrite(descriptor, bytes, bytes.count, 0) == bytes.count)
          if (try? NIfTIFile.read(path)) != nil { read += 1 }
        }
      }
      // Most of a header says nothing that could be wrong.
      #expect((700..<1392).contains(read))
    }
  }
}
