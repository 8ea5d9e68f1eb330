"""SEG and RTSTRUCT of others: highdicom's segmentations voxel by voxel, contours beside an independent rasteriser."""
import json
import struct
import zlib

import highdicom
import nibabel
import numpy
import pydicom
import pytest
from highdicom.sr.coding import CodedConcept
from matplotlib.path import Path
from pydicom.pixels.encoders.native import _encode_segment
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless, generate_uid

from conftest import lamina

LIVER = CodedConcept("10200004", "SCT", "Liver")
ORGAN = CodedConcept("123037004", "SCT", "Anatomical Structure")
OBLIQUE = [0.8, 0.6, 0, -0.36, 0.48, 0.8]


def write_series(folder, orientation=(1, 0, 0, 0, 1, 0), slices=7, rows=33, columns=35):
    """A CT series of our own, its slices along rows × columns."""
    folder.mkdir(parents=True, exist_ok=True)
    right, down = numpy.array(orientation[:3]), numpy.array(orientation[3:])
    normal = numpy.cross(right, down)
    series, study, frame = generate_uid(), generate_uid(), generate_uid()
    images = []
    for z in range(slices):
        image = pydicom.Dataset()
        image.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        image.SOPInstanceUID = generate_uid()
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, frame
        image.Modality, image.PatientID, image.PatientName = "CT", "P1", "Test^Patient"
        image.PatientBirthDate = image.PatientSex = image.AccessionNumber = image.StudyID = ""
        image.StudyDate, image.StudyTime, image.ReferringPhysicianName = "20200102", "101010", ""
        image.SeriesNumber, image.InstanceNumber = 1, z + 1
        image.ImageType, image.PositionReferenceIndicator = ["ORIGINAL", "PRIMARY", "AXIAL"], ""
        position = numpy.array([-50.0, 20.0, 100.0]) + normal * 2.5 * z
        image.ImagePositionPatient = [pydicom.valuerep.DSfloat(v, auto_format=True) for v in position]
        image.ImageOrientationPatient = list(orientation)
        image.PixelSpacing, image.SliceThickness = [0.9, 0.7], 2.5
        image.Rows, image.Columns, image.SamplesPerPixel = rows, columns, 1
        image.PhotometricInterpretation = "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
        image.RescaleSlope, image.RescaleIntercept, image.RescaleType = 1, -1024, "HU"
        pixels = (numpy.arange(rows * columns, dtype=numpy.uint16) * 7 + z) % 4096
        image.PixelData = pixels.tobytes()
        image.file_meta = pydicom.dataset.FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        pydicom.dcmwrite(folder / f"{z}.dcm", image, enforce_file_format=True)
        images.append(image)
    return images


def segment(number, label, kind="AUTOMATIC"):
    algorithm = highdicom.AlgorithmIdentificationSequence("x", CodedConcept("123", "99X", "x"), "1")
    return highdicom.seg.SegmentDescription(
        number, label, ORGAN, LIVER, kind, algorithm_identification=algorithm)


def write_segmentation(path, images, pixels, kind, labels, syntax=ExplicitVRLittleEndian, **more):
    seg = highdicom.seg.Segmentation(
        images, pixels, kind, [segment(i + 1, label) for i, label in enumerate(labels)],
        generate_uid(), 2, generate_uid(), 1, "m", "m", "1", "1", transfer_syntax_uid=syntax, **more)
    seg.save_as(path)


def label_images(folder, tmp_path, *more):
    """Every label image of a folder's only volume, as `lamina export` writes it: array[z, y, x] by name."""
    store, out = tmp_path / "c.zarr", tmp_path / "out"
    lamina("ingest", folder, "--into", store, "--quiet", *more)
    lamina("export", store, "--into", out, "--quiet")
    images = {}
    for path in out.glob("*_label-*.nii.gz"):
        image = nibabel.load(path)
        names = json.loads(path.with_name(path.name.removesuffix(".nii.gz") + ".json").read_text())
        images[path.name.split("_label-")[1].removesuffix(".nii.gz")] = (
            numpy.asanyarray(image.dataobj).T, image.affine, names["labels"])
    return images


def blobs(shape, overlapping):
    """Two segments [z, y, x, segment] with curved edges, sparse along z."""
    z, y, x = numpy.indices(shape)
    one = ((x - 9) ** 2 + (y - 12) ** 2 < 50) & (z > 1) & (z < 5)
    two = ((x - (12 if overlapping else 22)) ** 2 + (y - 20) ** 2 < 40) & (z != 3)
    if not overlapping:
        two &= ~one
    return numpy.stack([one, two], -1)


@pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1), OBLIQUE])
@pytest.mark.parametrize("overlapping", [False, True])
def test_binary_segmentations(tmp_path, orientation, overlapping):
    images = write_series(tmp_path / "s", orientation)
    truth = blobs((7, 33, 35), overlapping)
    write_segmentation(tmp_path / "s/seg.dcm", images, truth.astype(numpy.uint8), "BINARY", ["Liver", "Spleen"])
    found = label_images(tmp_path / "s", tmp_path)
    if overlapping:
        assert sorted(found) == ["Liver", "Spleen"]
        for i, name in enumerate(["Liver", "Spleen"]):
            assert numpy.array_equal(found[name][0], truth[..., i])
    else:
        assert list(found) == ["labels"] and found["labels"][2] == {"1": "Liver", "2": "Spleen"}
        assert numpy.array_equal(found["labels"][0], truth[..., 0] + 2 * truth[..., 1])
        # The mask lies where the images do: the centre of voxel (0, 0, 0), in RAS.
        first = numpy.array(images[0].ImagePositionPatient, float) * [-1, -1, 1]
        assert numpy.allclose(found["labels"][1][:3, 3], first, atol=1e-3)


def test_a_compressed_binary_segmentation(tmp_path):
    images = write_series(tmp_path / "s")
    truth = blobs((7, 33, 35), False)
    write_segmentation(
        tmp_path / "s/seg.dcm", images, truth.astype(numpy.uint8), "BINARY", ["Liver", "Spleen"], JPEG2000Lossless)
    found = label_images(tmp_path / "s", tmp_path)
    assert numpy.array_equal(found["labels"][0], truth[..., 0] + 2 * truth[..., 1])


def rle_of_bits(frame):
    """PS3.5 G.2: a pixel of one bit is padded to a byte; runs do not cross rows."""
    return struct.pack("<16L", 1, 64, *[0] * 14) + bytes(_encode_segment(frame.tobytes(), frame.shape[1]))


def deflated_bits(frame):
    """PS3.5 8.2.16: the native bytes of a frame, its bits packed from the lowest one, deflated."""
    packed = numpy.packbits(frame.ravel(), bitorder="little").tobytes()
    deflate = zlib.compressobj(wbits=-15)
    body = deflate.compress(packed) + deflate.flush()
    return body + b"\0" * (len(body) % 2)


@pytest.mark.parametrize(
    "syntax, compress",
    [(RLELossless, rle_of_bits), ("1.2.840.10008.1.2.8.1", deflated_bits)])
def test_bits_in_frames_of_their_own(tmp_path, syntax, compress):
    images = write_series(tmp_path / "s")
    truth = blobs((7, 33, 35), False)
    path = tmp_path / "s/seg.dcm"
    write_segmentation(path, images, truth.astype(numpy.uint8), "BINARY", ["Liver", "Spleen"])
    seg = pydicom.dcmread(path)
    seg.PixelData = pydicom.encaps.encapsulate([compress(frame) for frame in seg.pixel_array])
    seg["PixelData"].VR, seg["PixelData"].is_undefined_length = "OB", True
    seg.file_meta.TransferSyntaxUID = syntax
    pydicom.dcmwrite(path, seg, implicit_vr=False, little_endian=True, force_encoding=True)
    found = label_images(tmp_path / "s", tmp_path)
    assert numpy.array_equal(found["labels"][0], truth[..., 0] + 2 * truth[..., 1])


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless, JPEG2000Lossless])
def test_fractional_segmentations(tmp_path, syntax):
    images = write_series(tmp_path / "s")
    y, x = numpy.indices((33, 35))
    shares = numpy.stack([numpy.clip((x + y * 0.3 + z) / 45, 0, 1) for z in range(7)])[..., None]
    write_segmentation(
        tmp_path / "s/seg.dcm", images, shares.astype(numpy.float32), "FRACTIONAL", ["Liver"], syntax,
        fractional_type="PROBABILITY", max_fractional_value=200)
    stored = numpy.around(shares[..., 0].astype(numpy.float32) * 200)
    found = label_images(tmp_path / "s", tmp_path, "--set", "ingest.masks.fraction=0.7")
    assert numpy.array_equal(found["labels"][0], stored >= 140)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless])
def test_label_map_segmentations(tmp_path, syntax):
    images = write_series(tmp_path / "s")
    truth = blobs((7, 33, 35), False)
    classes = (truth[..., 0] + 2 * truth[..., 1]).astype(numpy.uint8)
    write_segmentation(tmp_path / "s/seg.dcm", images, classes, "LABELMAP", ["Liver", "Spleen"], syntax)
    found = label_images(tmp_path / "s", tmp_path)
    assert numpy.array_equal(found["labels"][0], classes)


def write_structures(path, images, structures):
    """`structures`: name → contours of points [x, y] in pixels and a slice."""
    first = images[0]
    data = pydicom.Dataset()
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.3", generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = first.StudyInstanceUID, generate_uid()
    data.Modality, data.PatientID, data.PatientName = "RTSTRUCT", "P1", "Test^Patient"
    series = pydicom.Dataset()
    series.SeriesInstanceUID = first.SeriesInstanceUID
    study = pydicom.Dataset()
    study.RTReferencedSeriesSequence = [series]
    frame = pydicom.Dataset()
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = first.FrameOfReferenceUID, [study]
    data.ReferencedFrameOfReferenceSequence = [frame]
    data.StructureSetROISequence, data.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(structures.items(), 1):
        roi, drawn = pydicom.Dataset(), pydicom.Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, first.FrameOfReferenceUID
        drawn.ReferencedROINumber, drawn.ContourSequence = number, []
        for points, z in contours:
            contour = pydicom.Dataset()
            contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(points)
            contour.ContourData = [f"{v:.10f}"[:16] for v in millimetres(images[z], points).ravel()]
            drawn.ContourSequence.append(contour)
        data.StructureSetROISequence.append(roi)
        data.ROIContourSequence.append(drawn)
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    pydicom.dcmwrite(path, data, enforce_file_format=True)


def millimetres(image, points):
    position = numpy.array(image.ImagePositionPatient, float)
    right, down = numpy.array(image.ImageOrientationPatient, float).reshape(2, 3)
    rows, columns = (float(v) for v in image.PixelSpacing)
    return position + points[:, :1] * columns * right + points[:, 1:] * rows * down


def circle(x, y, radius, count=180, wobble=0.0):
    angles = numpy.arange(count) * 2 * numpy.pi / count
    radii = radius * (1 + wobble * numpy.sin(5 * angles))
    return numpy.stack([x + radii * numpy.cos(angles), y + radii * numpy.sin(angles)], 1)


@pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), OBLIQUE])
def test_contours_beside_another_rasteriser(tmp_path, orientation):
    images = write_series(tmp_path / "s", orientation)
    structures = {
        "Liver": [(circle(13.13, 15.21, 9.37, wobble=0.2), z) for z in range(1, 6)],
        # A hole, a second piece, and a star that crosses itself.
        "Kidney": [(circle(10.17, 12.31, 8.05), 2), (circle(10.4, 12.9, 3.3), 2), (circle(24.2, 27.1, 3.9), 2)],
        "Bladder": [(circle(14.3, 16.2, 12.6, count=7)[[0, 3, 6, 2, 5, 1, 4]], 4)],
    }
    write_structures(tmp_path / "s/rt.dcm", images, structures)
    found = label_images(tmp_path / "s", tmp_path)
    assert sorted(found) == sorted(structures)
    y, x = numpy.indices((33, 35))
    centres = numpy.stack([x.ravel(), y.ravel()], 1)
    for name, contours in structures.items():
        truth = numpy.zeros((7, 33, 35), bool)
        for points, z in contours:
            truth[z] ^= odd(points, centres).reshape(33, 35)
        assert truth.any() and numpy.array_equal(found[name][0], truth), name


def odd(points, centres):
    """Even-odd by matplotlib's winding test of each centre against every fan triangle of the polygon."""
    inside = numpy.zeros(len(centres), bool)
    for a, b in zip(points[1:-1], points[2:]):
        inside ^= Path([points[0], a, b, points[0]]).contains_points(centres)
    return inside
