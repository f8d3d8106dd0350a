import './style/base.css';
import './style/pieces.css';
import './style/places.css';
import './style/phone.css';
import { render } from 'preact';
import { Dashboard } from './dashboard.tsx';
import { followRoute } from './route.ts';
import { restore } from './session.ts';
import { followVisibility } from './visible.ts';

const place = document.getElementById('app');
if (place === null) throw new Error('the page has no place for the dashboard');
followRoute();
followVisibility();
void restore();
render(<Dashboard />, place);
