"""What people call the columns of wells, tops, surveys, horizons and points."""

from __future__ import annotations

import re
from dataclasses import dataclass

from napari_fhn.labels.tables.units import unit

#: Every role a column can have, in words.
ROLES = {
    "well": "name of the well",
    "x": "map coordinate east",
    "y": "map coordinate north",
    "dx": "offset east of the well head",
    "dy": "offset north of the well head",
    "inline": "inline number",
    "crossline": "crossline number",
    "trace": "number of a trace along a line",
    "cdp": "CDP number along a line",
    "row": "row of a map, from 0",
    "col": "column of a map, from 0",
    "md": "measured depth along the well",
    "tvd": "true vertical depth below the well's datum",
    "tvdss": "true vertical depth below sea level",
    "depth": "depth of a kind not said",
    "z": "depth, elevation or time, not said which",
    "twt": "two-way time",
    "owt": "one-way time",
    "time": "time, one-way or two-way not said",
    "top": "upper end of an interval",
    "base": "lower end of an interval",
    "marker": "name of a surface",
    "class": "name or value of a class",
    "inclination": "angle from the vertical",
    "dip": "angle from the horizontal, as drillers for minerals have it",
    "azimuth": "direction, clockwise from north",
    "kb": "elevation of the well's datum above sea level",
    "lat": "latitude",
    "lon": "longitude",
}
#: Kinds of depth and time in which the ends of intervals come.
DOMAINS = ("md", "tvd", "tvdss", "depth", "twt", "owt", "time")

_SURE, _LIKELY, _NAMED, _MAYBE = 0.95, 0.75, 0.65, 0.55
#: Names without spaces and signs, by role and how sure they are.
_WHOLE: dict[str, tuple[float, str]] = {
    name: (sure, role)
    for role, sure, names in (
        (
            "well",
            _SURE,
            "well wellname wellid wellbore wellborename borehole boreholename boreholeid bohrung bohrloch puits pozo "
            "pozos nombrepozo poço poco sondeo sondage forage pozzo brønn bronn borehull boring otwór скважина kuyu "
            "wellno wellnumber nomdupuits nomdelpozo put boorgat vrt sumur kútnév kút "
            "nomepoço 井名 井 井号 钻孔 ボーリング 坑井名 dgunr dgunummer wlbwellborename wlbname",
        ),
        ("well", _NAMED, "name nombre nom nome navn nazwa имя"),
        ("well", _LIKELY, "uwi api hole holeid bhid bore uniquewellid"),
        ("x", _SURE, "x xcoord xcoordinate easting utmx xutm cdpx coordx wellheadx xutmeasting mapx xpos eastings"),
        ("y", _SURE, "y ycoord ycoordinate northing utmy yutm cdpy coordy wellheady mapy ypos northings"),
        (
            "x",
            _SURE,
            "abscisse abscisses coordx coordenadaeste coordenadae rechtswert xlambert lambertx coordenadax xgk este",
        ),
        (
            "y",
            _SURE,
            "ordonnée ordonnee ordonnées coordenadanorte coordenadan hochwert ylambert lamberty coordenaday ygk",
        ),
        # As the Norwegian Offshore Directorate has them, and Teapot Dome.
        ("x", _SURE, "ewutm wlbewutm ecoord eastcoord ecoordinate"),
        ("y", _SURE, "nsutm wlbnsutm ncoord northcoord ncoordinate"),
        ("lat", _SURE, "nsdecimaldegrees nsdecdeg wlbnsdecdeg"),
        ("lon", _SURE, "ewdecimaldegrees ewdecdeg ewdesdeg wlbewdesdeg"),
        ("kb", _SURE, "kellybushelevation wlbkellybushelevation"),
        ("top", _SURE, "lsutopdepth"),
        ("base", _SURE, "lsubottomdepth"),
        ("marker", _SURE, "lsuname lithostratunit"),
        ("x", _SURE, "x坐标 东坐标 横坐标"),
        ("y", _SURE, "y坐标 北坐标 纵坐标"),
        ("x", _LIKELY, "leste øst doğu wschód восток oosten öster"),
        ("y", _LIKELY, "kuzey północ север noorden norr"),
        ("x", _LIKELY, "east ost est ostwert"),
        ("y", _LIKELY, "north nord norte nordwert"),
        ("dx", _SURE, "dx ew eastwest xoffset offsetx eoffset eastoffset xoff deltax departure"),
        ("dy", _SURE, "dy ns northsouth yoffset offsety noffset northoffset yoff deltay"),
        ("inline", _SURE, "inline iline il inl inlineno inlinenumber ilno inlno ilinenumber"),
        ("inline", _MAYBE, "line"),
        ("crossline", _SURE, "crossline xline xl crl xlineno crosslinenumber xlinenumber xlno crlno cross"),
        ("crossline", _MAYBE, "trace cdp"),
        ("row", _SURE, "row rowindex zeile fila"),
        ("row", _MAYBE, "ligne"),
        ("col", _SURE, "col column colindex spalte columna colonne"),
        ("md", _SURE, "md measureddepth dmd depthmd tiefemd teufemd mdkb mdrkb mdrt mddepth mdbkb"),
        ("md", _SURE, "profundidadmedida profondeurmesurée profondeurmesuree gemesseneteufe gemessenetiefe profmedida"),
        ("tvd", _SURE, "tvd trueverticaldepth tvdkb tvdrkb tvdrt depthtvd"),
        (
            "md",
            _SURE,
            "глубинапостволу 测深 测量深度 斜深 profundidademedida profonditàmisurata måltdybde ölçülenderinlik",
        ),
        ("tvd", _SURE, "垂深 垂直深度 vertikaldybde profundidadevertical"),
        (
            "tvd",
            _SURE,
            "profundidadvertical profondeurverticale vertikalteufe vertikaltiefe vertikaleteufe vertikaletiefe",
        ),
        ("tvd", _SURE, "wahrevertikaleteufe wahrevertikaletiefe profondeurverticalevraie profundidadverticalverdadera"),
        (
            "tvdss",
            _SURE,
            "tiefess teufess teufeunternn tiefeunternn teufeunn tiefeunn teufenn tiefenn profondeursouslamer",
        ),
        ("tvdss", _SURE, "profondeursousleniveaudelamer profundidadbajoelniveldelmar"),
        ("tvdss", _SURE, "tvdss sstvd tvdsubsea tvdmsl tvdsea subseadepth depthss tvdssmsl subseatvd subsea"),
        (
            "depth",
            _SURE,
            "depth dept dep tiefe teufe profondeur profundidad profundidade profondità prof diepte глубина",
        ),
        ("z", _SURE, "z elevation elev altitude zvalue zcoord zcoordinate"),
        ("z", _SURE, "höhe hoehe élévation cote elevación elevacion altitud cota elevação elevacao"),
        ("twt", _SURE, "twt twtt twowaytime twowaytraveltime twttime"),
        ("twt", _SURE, "timetwt twtpicked twtime tiempodoble tempsdouble"),
        ("twt", _SURE, "двойноевремя 双程时间 双程旅行时 tempoduplo tempidoppi tveistid toveistid çiftyolzaman"),
        (
            "twt",
            _SURE,
            "zweiweglaufzeit zweiwegelaufzeit zweiwegzeit tempsallerretour tiempodeidayvuelta tiempodobledeviaje",
        ),
        ("twt", _LIKELY, "twtauto"),
        ("owt", _SURE, "owt owtt onewaytime onewaytraveltime timeowt owttime"),
        ("owt", _SURE, "einweglaufzeit einwegzeit tempssimple tempsaller tiemposimple tiempodeida"),
        ("time", _SURE, "time t traveltime tt zeit laufzeit temps tiempo tempo время"),
        ("top", _SURE, "topp topo tetto strop кровля üst atas 顶 顶深 oberkante"),
        ("base", _SURE, "bunn letto spąg подошва bawah 底 底深 basis báze unterkante"),
        ("top", _LIKELY, "de"),
        ("base", _LIKELY, "à"),
        ("top", _SURE, "top from depthfrom topdepth fromdepth start von tope techo desde toit"),
        ("base", _SURE, "base bottom to depthto basedepth todepth bot bottomdepth stop bis hasta piso mur"),
        (
            "marker",
            _SURE,
            "地层 层位 层位名 пласт горизонт formazione formação formasjon formasyon formacja formatie souvrství",
        ),
        ("marker", _SURE, "marker surface surfacename markername topname pick pickname formation formationname"),
        ("marker", _SURE, "formación formacion fmt horizonte horizont"),
        ("marker", _SURE, "horizon horizonname stratunit unitname formationtop welltop surfaces"),
        ("class", _SURE, "class classname label facies lithology litho"),
        ("class", _SURE, "lith lithofacies rocktype rock classid klasse"),
        ("class", _SURE, "clase classe clases faciès litología litologia lithologie fazies gestein roca roche класс"),
        ("class", _SURE, "litoloji litologi litologie литология 岩性 岩相 фация порода gesteente lithotype litotipo"),
        (
            "class",
            _SURE,
            "landcover landuse lulc lcclass landcoverclass landusetype bodenbedeckung landnutzung geology",
        ),
        (
            "class",
            _SURE,
            "geologie geología geologia usodelsuelo usosuelo occupationdusol mapunit 土地利用 土地覆盖",
        ),
        ("class", _LIKELY, "schicht couche capa einheit unité unidad kategorie catégorie categoría"),
        ("class", _LIKELY, "unit zone zonename lithologyname faciesname category lithocode faciescode"),
        ("class", _SURE, "类别 类型 地类 분류 sınıf rodzaj klass classification"),
        ("class", _MAYBE, "type code"),
        ("inclination", _SURE, "inclination incl inc inclin drift hadev deviation incldeg incdeg"),
        ("inclination", _SURE, "neigungswinkel"),
        ("inclination", _SURE, "inklination neigung inclinaison inclinación inclinacion inclinação inklinasjon inkl"),
        ("inclination", _SURE, "зенитныйугол 井斜角 井斜 eğim odchylenie inclinazione"),
        ("inclination", _MAYBE, "dev angle"),
        ("dip", _SURE, "dip dipdeg dipgrad holedip plunge"),
        ("azimuth", _SURE, "azimut acimut asimut azimute asimutt"),
        ("azimuth", _SURE, "азимут 方位角 方位"),
        ("azimuth", _LIKELY, "richtung dirección direccion"),
        ("azimuth", _SURE, "azimuth azi azim azm hazi azimgn azimuthgn azigrid bearing gridazimuth"),
        ("azimuth", _LIKELY, "azimtn azimuthtn azitrue az dir direction"),
        ("kb", _SURE, "kb rkb kbelevation ekb elevkb kellybushing rte dfe kbelev datumelevation welldatum"),
        ("lat", _SURE, "lat latitude latitud latitudine breite breitengrad"),
        ("lat", _SURE, "纬度 北纬 緯度 위도 широта enlem breddegrad szerokość"),
        (
            "lon",
            _SURE,
            "lon long longitude longitud longitudine länge laenge lng längengrad laengengrad",
        ),
        ("lon", _SURE, "经度 东经 経度 경도 долгота boylam lengdegrad długość"),
    )
    for name in names.split()
}
#: What places along a line are called; in a volume a trace may be a crossline.
_ALONG = {
    name: role
    for role, names in (
        ("trace", "trace traces traceno tracenr tracenumber traceindex tr trno spur spurnr spurnummer traza trazas"),
        ("cdp", "cdp cdps cdpno cdpnr cdpnumber cmp cmpno cmpnumber"),
    )
    for name in names.split()
}
#: Words within longer names, in the order in which they are looked for.
_WORDS = (
    ("tvdss", "tvdss sstvd"),
    ("tvd", "tvd"),
    ("md", "md"),
    ("twt", "twt twtt zweiweglaufzeit zweiwegzeit"),
    ("owt", "owt owtt einweglaufzeit einwegzeit"),
    ("inline", "inline iline inl"),
    ("crossline", "crossline xline crl"),
    ("azimuth", "azimuth azim azi azimut acimut azimute"),
    ("inclination", "inclination incl neigung inclinaison inclinación inclinacion"),
    ("x", "x easting"),
    ("y", "y northing"),
    ("kb", "kb rkb"),
    ("class", "class facies lithology"),
    (
        "well",
        "well borehole wellbore bohrung bohrloch boorgat boring borehull brønn sondeo sondage forage puits pozo poço "
        "pozzo otwór vrt скважина скважины dgu collar drillhole",
    ),
    ("marker", "surface marker formation horizon pick"),
    ("time", "time zeit laufzeit temps tiempo tempo время"),
    ("depth", "depth tiefe teufe profondeur profundidad profundidade profondità prof diepte глубина"),
    ("z", "z elevation höhe hoehe élévation elevación elevacion"),
)


#: What the ends of intervals are called, beside a word for the depth or time.
_ENDS = {
    role: frozenset(names.split())
    for role, names in (
        ("top", "top from von tope techo desde toit topp topo tetto "
         "strop кровля верх üst atas 顶 顶深 dach oberkante ok haut"),
        ("base", "base to bottom bis hasta piso mur bunn letto spąg "
         "подошва низ alt bawah 底 底深 basis báze unterkante uk bas"),
    )
}  # fmt: skip
#: The same in names of two words alone, as in *profondeur de*: in longer ones they mean other things too.
_SHORT_ENDS = {"de": "top", "à": "base"}


@dataclass(frozen=True)
class Meaning:
    """What a name says.

    Attributes
    ----------
    role : str
        One of `ROLES`.
    confidence : float
        From 0 to 1.
    domain : str
        For the ends of intervals: one of `DOMAINS`, or empty where the name does not say.
    """

    role: str
    confidence: float
    domain: str = ""


def meaning(name: str, *, on_line: bool = False) -> Meaning | None:
    """Return what a column's name says about its role; None where it says nothing.

    Parameters
    ----------
    name : str
        As the header has it; case, signs and a unit at its end do not count.
    on_line : bool, optional
        Whether the table is of a 2D line, where traces and CDPs are counted along it.
    """
    words = re.findall(r"[^\W_]+", re.sub(r"[(\[][^()\[\]]*[)\]]", " ", name[:80]).lower())
    # "N/S" is no column in seconds.
    if len(words) > 1 and unit(words[-1]) and "".join(words) not in _WHOLE:
        words.pop()
    if not words:
        return None
    whole = "".join(words)
    if on_line and whole in _ALONG:
        return Meaning(_ALONG[whole], _SURE)
    if whole in _WHOLE:
        sure, role = _WHOLE[whole]
        domain = "depth" if role in ("top", "base") and "depth" in whole else ""
        return Meaning(role, sure, domain)
    said = next((role for role, found in _WORDS if set(found.split()) & set(words)), None)
    end = next((role for word in words for role, called in _ENDS.items() if word in called), None)
    if end is None and len(words) == 2:
        end = next((_SHORT_ENDS[word] for word in words if word in _SHORT_ENDS), None)
    if end is not None and len(words) > 1 and (said in DOMAINS):
        return Meaning(end, _SURE, said or "")
    return None if said is None else Meaning(said, _LIKELY)
