"""How the colours of a video are meant, where FFmpeg's own choice is not that of a player."""

import av
from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc

_HDR = (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)  # PQ and HLG
_UNSPECIFIED = 2  # in H.273, of matrix, primaries and transfer alike


def conversion(frame: av.VideoFrame) -> dict:
    """Arguments of `VideoReformatter.reformat` that turn a frame into RGB as a player shows it.

    HDR (PQ, HLG) and other video of BT.2020 become BT.709, with white at 203 cd/m2; what is
    brighter is cut off. Where a file does not name the matrix of its colours, it is that of BT.709
    from 577 lines or 1280 columns on, and that of BT.601 below, as in mpv.
    """
    is_untagged = frame.colorspace == _UNSPECIFIED and not frame.format.is_rgb
    if frame.color_trc in _HDR or frame.color_primaries == ColorPrimaries.BT2020:
        source = {"src_colorspace": Colorspace.BT2020} if is_untagged else {}
        return source | {
            "dst_colorspace": Colorspace.ITU709,
            "dst_color_trc": ColorTrc.BT709,
            "dst_color_primaries": ColorPrimaries.BT709,
        }
    if is_untagged and (frame.width >= 1280 or frame.height > 576):
        return {"src_colorspace": Colorspace.ITU709}
    return {}
