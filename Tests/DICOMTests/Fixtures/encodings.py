"""Writes one small image in every encoding, by pydicom and DCMTK's tools, as encodings/NAME.dcm.

usage: encodings.py   (needs pydicom with pylibjpeg-openjpeg and pylibjpeg-rle, imagecodecs, and dcmtk)
Columns 35, rows 33 (an odd number of samples finds padding mistakes). Stored values are
  wide:   (37 x + 91 y + 3 x y + 500 f) mod 4096      narrow: 60 + 2 x + 3 y
at column x, row y, frame f; the Swift tests know the same formulas.
"""
import pathlib, subprocess, zlib
import imagecodecs, numpy as np, pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import (ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian,
                         JPEG2000Lossless, RLELossless)

out = pathlib.Path(__file__).with_name("encodings")
out.mkdir(exist_ok=True)
y, x = np.mgrid[0:33, 0:35]
wide = ((37 * x + 91 * y + 3 * x * y) % 4096).astype("<u2")
narrow = (60 + 2 * x + 3 * y).astype("u1")

def base(pixels, stored=12, high=None, signed=0, frames=1):
    d = Dataset()
    d.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4" if frames == 1 else "1.2.840.10008.5.1.4.1.1.4.1"
    d.SOPInstanceUID = "2.25.1"
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = "2.25.2", "2.25.3", "2.25.4"
    d.Modality, d.PatientID, d.PatientName = "MR", "P", "N"
    d.ImageType = ["ORIGINAL", "PRIMARY", "M"]
    d.SeriesNumber, d.InstanceNumber = 1, 1
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.Rows, d.Columns = 33, 35
    d.BitsAllocated = pixels.dtype.itemsize * 8
    d.BitsStored, d.HighBit = stored, stored - 1 if high is None else high
    d.PixelRepresentation = signed
    if frames == 1:
        d.ImagePositionPatient, d.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
        d.PixelSpacing = [2, 1]
    else:
        d.NumberOfFrames = frames
        shared, position = Dataset(), []
        measures, orientation = Dataset(), Dataset()
        measures.PixelSpacing, orientation.ImageOrientationPatient = [2, 1], [1, 0, 0, 0, 1, 0]
        shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
        d.SharedFunctionalGroupsSequence = [shared]
        for f in range(frames):
            place, group = Dataset(), Dataset()
            place.ImagePositionPatient = [0, 0, 3 * f]
            group.PlanePositionSequence = [place]
            position.append(group)
        d.PerFrameFunctionalGroupsSequence = position
    d.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    d["PixelData"].VR = "OW" if pixels.dtype.itemsize > 1 else "OB"
    d.file_meta = FileMetaDataset()
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID
    d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID
    return d

def save(d, name, syntax=ExplicitVRLittleEndian):
    d.file_meta.TransferSyntaxUID = syntax
    little = syntax != ExplicitVRBigEndian
    pydicom.dcmwrite(out / (name + ".dcm"), d, implicit_vr=syntax == ImplicitVRLittleEndian,
                     little_endian=little, enforce_file_format=True)

def tool(command, *options, source, name):
    subprocess.run([command, *options, out / (source + ".dcm"), out / (name + ".dcm")], check=True)

save(base(wide), "explicit")
save(base(wide), "implicit", ImplicitVRLittleEndian)
big = base(wide); big.PixelData = wide.astype(">u2").tobytes()
save(big, "big-endian", ExplicitVRBigEndian)
words = base(narrow, stored=8)
words.PixelData = narrow.tobytes() + b"\0"; words["PixelData"].VR = "OW"
words.PixelData = np.frombuffer(words.PixelData, "u1").reshape(-1, 2)[:, ::-1].tobytes()
save(words, "big-endian-8", ExplicitVRBigEndian)
for name, syntax in (("rle", RLELossless), ("jpeg2000", JPEG2000Lossless)):
    d = base(wide); d.compress(syntax, generate_instance_uid=False); save(d, name, syntax)
tool("dcmcjpeg", "+e1", "+un", source="explicit", name="jpeg-lossless-sv1")
tool("dcmcjpeg", "+el", "+un", source="explicit", name="jpeg-lossless")
for selection in range(2, 8):
    tool("dcmcjpeg", "+el", "+sv", str(selection), "+un", source="explicit", name=f"jpeg-lossless-{selection}")
tool("dcmcjpls", "+el", "+un", source="explicit", name="jpeg-ls")
for name, d, syntax, stream in (
        ("jpeg-ls-7", base((wide >> 5).astype("u1"), stored=7), "1.2.840.10008.1.2.4.80", imagecodecs.jpegls_encode),
        ("htj2k", base(wide), "1.2.840.10008.1.2.4.201", imagecodecs.htj2k_encode)):
    d.PixelData = encapsulate([stream(d.pixel_array)])
    d["PixelData"].VR = "OB"
    save(d, name, syntax)
tool("dcmcjpls", "+en", "+un", source="explicit", name="jpeg-ls-near")
for option, name in (("+ee", "extended"), ("+es", "spectral"), ("+ep", "progressive")):
    tool("dcmcjpeg", option, "+q", "100", "+un", source="explicit", name=f"jpeg-{name}")
save(base(narrow, stored=8), "narrow")
tool("dcmcjpeg", "+eb", "+q", "100", "+un", source="narrow", name="jpeg-baseline")
tool("dcmcrle", "+un", source="narrow", name="rle-narrow")
signed = (wide.astype(int) - 2048)
save(base(((signed & 0xFFF) | 0xA000).astype("<u2"), signed=1), "signed-12-junk")
save(base((wide << 4).astype("<u2"), high=15), "high-bit-15")
save(base((signed * 100000).astype("<i4"), stored=32, signed=1), "signed-32")

def jpeg_lossless(samples, predict):
    """A frame of JPEG lossless (T.81 annex H), predictor 6: codes of five bits, one for each category."""
    height, width = samples.shape
    bits = []
    def write(value, count): bits.extend(value >> i & 1 for i in reversed(range(count)))
    for y in range(height):
        for x in range(width):
            if y == 0: prediction = samples[0, x - 1] if x else 1 << 15
            elif x == 0: prediction = samples[y - 1, 0]
            else: prediction = predict(*map(int, (samples[y, x - 1], samples[y - 1, x], samples[y - 1, x - 1])))
            difference = (int(samples[y, x]) - int(prediction) + 0x8000) % 0x10000 - 0x8000
            category = 16 if difference == -0x8000 else abs(difference).bit_length()
            write(category, 5)
            if category < 16: write(difference if difference >= 0 else difference + (1 << category) - 1, category)
    bits += [1] * (-len(bits) % 8)
    data = np.packbits(bits).tobytes().replace(b"\xff", b"\xff\0")
    frame = bytes([16]) + height.to_bytes(2, "big") + width.to_bytes(2, "big") + bytes([1, 1, 0x11, 0])
    table = bytes([0] * 5 + [17] + [0] * 11 + list(range(17)))
    segments = b"".join(bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body for marker, body in (
        (0xC3, frame), (0xC4, table), (0xDA, bytes([1, 1, 0, 6, 0, 0]))))
    return b"\xff\xd8" + segments + data + b"\xff\xd9"

edges = np.where((x // 5 + y // 5) % 2, 4095, 0).astype("<u2")
d = base(edges)
d.PixelData = encapsulate([imagecodecs.jpeg2k_encode(edges, level=70, reversible=False, codecformat="J2K")])
d["PixelData"].VR = "OB"
save(d, "jpeg2000-overshoot", "1.2.840.10008.1.2.4.91")

coarse = (8 * signed).astype("<i2")
for name, predict in (
        ("16", lambda a, b, c: b + ((a - c) >> 1)),
        ("overflow", lambda a, b, c: b + (((a - c + 0x8000) % 0x10000 - 0x8000) >> 1))):
    d = base(coarse, stored=16, signed=1)
    d.PixelData = encapsulate([jpeg_lossless(coarse.view("<u2"), predict)])
    d["PixelData"].VR = "OB"
    save(d, f"jpeg-lossless-6-{name}", "1.2.840.10008.1.2.4.57")

frames = np.stack([(wide + 500 * f) % 4096 for f in range(3)]).astype("<u2")
save(base(frames, frames=3), "frames")
for name, syntax in (("rle", RLELossless), ("jpeg2000", JPEG2000Lossless)):
    d = base(frames, frames=3)
    d.compress(syntax, generate_instance_uid=False)
    save(d, "frames-" + name, syntax)
    if name == "jpeg2000":
        parts = list(pydicom.encaps.generate_frames(d.PixelData, number_of_frames=3))
        d.PixelData = encapsulate(parts, fragments_per_frame=2, has_bot=True)
        save(d, "frames-fragments-table", syntax)
        d.PixelData = encapsulate(parts, fragments_per_frame=2, has_bot=False)
        save(d, "frames-fragments-markers", syntax)
        one = base(wide); one.file_meta.TransferSyntaxUID = syntax
        one.PixelData = encapsulate(parts[:1], fragments_per_frame=3, has_bot=False)
        one["PixelData"].is_undefined_length = True
        save(one, "one-frame-many-fragments", syntax)
        whole = [p for p in parts]
        d.PixelData, d.ExtendedOffsetTable, d.ExtendedOffsetTableLengths = encapsulate_extended(whole)
        save(d, "frames-extended-table", syntax)
def deflated(frame):  # PS3.5 8.2.16, A.4.13: raw deflate of the native bytes, a fragment each
    stream = zlib.compressobj(wbits=-15)
    data = stream.compress(frame.tobytes()) + stream.flush()
    return data + b"\0" * (len(data) % 2)
d = base(frames, frames=3)
d.PixelData = encapsulate([deflated(frame) for frame in frames])
d["PixelData"].VR, d["PixelData"].is_undefined_length = "OB", True
d.preamble, d.file_meta.TransferSyntaxUID = bytes(128), "1.2.840.10008.1.2.8.1"
pydicom.dcmwrite(  # a syntax that pydicom 3.0 does not know
    out / "frames-deflated.dcm", d, implicit_vr=False, little_endian=True, force_encoding=True)
headerless = (out / "implicit.dcm").read_bytes()
start = headerless.index(b"\x08\x00\x08\x00", 132)
(out / "headerless.dcm").write_bytes(headerless[start:])
